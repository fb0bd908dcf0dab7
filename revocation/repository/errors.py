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


class CeremonyError(RepositoryError):
    """The root of what keeps those who run the repository from going on; what is published stays as it is."""


class KeyFileUnusable(CeremonyError):
    """A key file is missing, damaged, no key of this repository, or in the way of a new one."""


class PassphraseWrong(CeremonyError):
    """It does not open the key, or is too short for a new one."""


class PlanRefused(CeremonyError):
    """What was asked for cannot be: an unknown role, a region twice, a threshold beyond its keys."""


class DocumentsUnfit(CeremonyError):
    """What a region has published is missing, signed by another root, or another region's."""


class SignaturesWanted(CeremonyError):
    """A ceremony waits for signatures; nothing can be published before."""


class StateUnreadable(CeremonyError):
    """The repository's own files cannot be read, or do not verify."""
