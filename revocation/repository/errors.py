"""Why trust metadata are refused or cannot be used: one exception for each reason.

What is refused here changes nothing: the metadata that are held stay, and grow late (a grade, never an error).
"""

from revocation.errors import RevocationError


class RepositoryError(RevocationError):
    """The root: whatever this package refuses."""


class MetadataRefused(RepositoryError):
    """The root of what is wrong with metadata that somebody offers; what is held stays."""


class MalformedMetadata(MetadataRefused):
    """Not in the one form: no JSON, a key twice, another type or specification, out of bounds."""


class EndlessData(MetadataRefused):
    """More bytes than its kind may have."""


class TooFewSignatures(MetadataRefused):
    """Signed by fewer of a role's keys than its threshold asks for."""


class RolledBack(MetadataRefused):
    """Older than what is held: a version went down, or a role that was listed is listed no more."""


class WrongVersion(MetadataRefused):
    """Another version than the one that must stand here: a root was skipped, or files of two states are mixed."""


class WrongBytes(MetadataRefused):
    """Another length or hash than the signed one."""


class Unlisted(MetadataRefused):
    """A role is delegated to, and the snapshot does not say which version of it belongs to this state."""


class NotServed(MetadataRefused):
    """The metadata name a file, and the mirror says that there is none."""


class PinnedRootDiffers(MetadataRefused):
    """The first root is not the one that was agreed upon."""


class FolderUnusable(RepositoryError):
    """The folder of the metadata cannot be read or written."""


class NothingHeld(FolderUnusable):
    """No repository was ever set up in this folder."""


class AlreadyHeld(FolderUnusable):
    """A repository with another first root is set up in this folder."""


class Damaged(FolderUnusable):
    """A file in the folder is not what was written there; `refresh` fetches it again."""


class Busy(FolderUnusable):
    """Another program is updating this folder."""
