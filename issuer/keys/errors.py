"""What keys refuse, and what a token cannot do: one exception for each reason."""

from typing import Final

from issuer.errors import IssuerError


class KeyUnknown(IssuerError):
    """No key of this issuer has this identifier."""

    code = "key_unknown"
    hint = "Give one that `liangzheng issuer key list DIR` names."


class KeyChangeRefused(IssuerError):
    """The key is not in the state that this starts from."""

    code = "key_change_refused"
    hint = "Look at `liangzheng issuer key list DIR`. Nothing was changed."


class NoSigningKey(IssuerError):
    """No key of this use may sign this now: none is published, all have ended, or all are full."""

    code = "no_signing_key"
    hint = (
        "Look at `liangzheng issuer key list DIR`, and publish another one with `liangzheng issuer key add`: it signs "
        "once terminals know it, or at once with --hours 0. Nothing was recorded."
    )


class KeyNotForKind(IssuerError):
    """This department has no say over licences of this kind."""

    code = "key_not_for_kind"
    hint = "Let the department issue it that `liangzheng issuer department list DIR` names. Nothing was recorded."


class DepartmentNeeded(IssuerError):
    """Several departments issue this kind, and none was named."""

    code = "department_needed"
    hint = "Name the department with --department. Nothing was recorded."


class DepartmentRefused(IssuerError):
    """A department that cannot be added or retired so."""

    code = "department_refused"
    hint = "Correct it and do it again. Nothing was changed."


class KeyElsewhere(IssuerError):
    """The private half of a key that should sign is neither in keys.box nor in the token."""

    code = "key_elsewhere"
    hint = "Restore keys.box from the newest backup; if the passphrase was changed, restart the service."


class TokenUnavailable(IssuerError):
    """The token that holds the keys does not answer: broken, and not refused. What is published stays verifiable."""

    code = "token_unavailable"
    hint = (
        "Look at the token: module, label, PIN, cable, the vendor's service. Nothing signs until it answers; keys in a "
        "file never take its place. Then do it again."
    )


class PinRequired(TokenUnavailable):
    """The keys are in a token and nobody has given its PIN."""

    code = "pin_required"
    hint = "Set LIANGZHENG_PKCS11_PIN_FILE to a file with the PIN (chmod 600), or LIANGZHENG_PKCS11_PIN."


class IssuedLogBroken(IssuerError):
    """What the register says was signed, and what it kept of it, do not agree."""

    code = "issued_log_broken"
    hint = (
        "Somebody has written into the register beside the program: see `issuer audit verify`, restore a backup, "
        "and revoke what nobody can account for."
    )


class ResignRefused(IssuerError):
    """What this key signed is not signed again here."""

    code = "resign_refused"
    hint = (
        "Licences alone are signed again. Print paper codes anew (`issuer paper`) and issue mandates anew (`issuer "
        "mandate`); certificates of terminals and people are renewed within days."
    )


class TokenRefused(IssuerError):
    """The token answers, and does not do what an issuer's keys need."""

    code = "token_refused"
    hint = "It needs Ed25519 (CKM_EDDSA) and P-256 (CKM_ECDSA), and keys that never leave it. Nothing was changed."


HTTP: Final[tuple[tuple[type[IssuerError], int], ...]] = (
    (KeyUnknown, 404),
    (KeyChangeRefused, 409),
    (KeyNotForKind, 403),
    (DepartmentNeeded, 422),
    (DepartmentRefused, 422),
    (ResignRefused, 409),
)
"""Whatever is not here is the issuer's own trouble: 503."""
