"""Why a backup is not made, or not taken back."""

from issuer.errors import IssuerError


class BackupRefused(IssuerError):
    """A backup is not made or taken back like this; nothing was changed."""

    code = "backup_refused"
    hint = "A backup goes into a new file outside DIR, and back into a new folder and an empty database."


class BackupDamaged(IssuerError):
    """The file is not the one that was written, or the passphrase is another one."""

    code = "backup_damaged"
    hint = "Try the passphrase again; else take another copy. Nothing of this one was believed."
