"""Why status data are refused: one exception for each reason. Nothing built-in leaks out of this package.

What is refused here changes nothing: the state that is held stays, and grows old (a grade, never an error).
"""


class RevocationError(Exception):
    """The root: whatever this package refuses."""


class MalformedObject(RevocationError):
    """A delta, aggregate or base that is not in its one form, or larger than its bound."""


class OutsideLists(RevocationError):
    """A change of an entry that no open list has; lists that shrink; a list that is closed and comes back."""


class ChainBroken(RevocationError):
    """The deltas do not lead from the head that is held to the head that was signed: one is missing, twice, foreign."""


class StateMismatch(RevocationError):
    """The state that came out is not the one that was signed."""


class WrongObject(RevocationError):
    """A good object, and not the one that was asked for: another region, epoch, seq, hash or size."""


class FinalStatusChanged(RevocationError):
    """A final status would change, and the offline reversal key has not signed that."""


class MassChange(RevocationError):
    """More changes at once than an authority makes on an ordinary day; the offline key must sign them (the brake)."""


class ListsExhausted(RevocationError):
    """No index can be allocated: the region has opened every list that a number can name."""


class BundleError(RevocationError):
    """The root of what is wrong with a bundle as a file; nothing of it was taken in."""


class NotARegularFile(BundleError):
    """A link, a folder, a pipe or a device stands where a bundle should."""


class BundleUnreadable(BundleError):
    """There is no such file, it may not be read, or the stick is gone."""


class BundleRefused(BundleError):
    """The file is no bundle in its one form, or larger than any."""


class BundleUnwritable(BundleError):
    """The stick is full, protected or gone, or the file's name would not last on it."""


class NothingToBundle(BundleError):
    """What is to go into a bundle is not there, or does not fit together."""
