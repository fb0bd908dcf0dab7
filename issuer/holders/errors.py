"""Why nothing is said about a holder, or erased."""

from typing import Final

from issuer.errors import IssuerError


class HolderUnknown(IssuerError):
    """No licence has this holder's number."""

    code = "holder_unknown"
    hint = "Look at the number again. Nothing was changed."


class NothingErasable(IssuerError):
    """Everything of this holder is in force, or ended not long enough ago."""

    code = "nothing_erasable"
    hint = "What is in force, and what ended within --after-days, has to be kept. Nothing was changed."


class NotWrittenAnew(IssuerError):
    """What was erased is in no table any more; the register's file could not be written anew without its pieces."""

    code = "not_written_anew"
    hint = "Make room, or end what reads the register for so long; then `liangzheng issuer holder again DIR`."


class ErasureLogRefused(IssuerError):
    """A file is no log of this authority's erasures, or was changed."""

    code = "erasure_log_refused"
    hint = "Take another copy: in the old folder, or beside a newer backup; then `liangzheng issuer holder again DIR`."


HTTP: Final[tuple[tuple[type[IssuerError], int], ...]] = (
    (HolderUnknown, 404),
    (NothingErasable, 409),
    (ErasureLogRefused, 422),
    (NotWrittenAnew, 500),
)
