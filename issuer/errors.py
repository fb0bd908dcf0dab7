"""What the issuer refuses or cannot do: one exception for each reason, each with a plain message and a hint.

The message says what happened, the hint what to do. Neither ever holds a citizen's number, an address or a key.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


class IssuerError(Exception):
    """The root: nothing built-in leaks out of the issuer package on purpose."""

    code: ClassVar[str] = "issuer"
    hint: str = "See `liangzheng issuer --help`."

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        if hint is not None:
            self.hint = hint


class AuthoringError(IssuerError):
    """A kind or policy file contradicts the catalogue's rules."""

    code = "authoring"
    hint = "Correct this entry of the file; nothing was published."

    def __init__(self, file: str, key: str, problem: str) -> None:
        super().__init__(f"{file}: {key}: {problem}")
        self.file, self.key = file, key


class AlreadyInitialised(IssuerError):
    """The folder holds an issuer, or the remains of a set-up that was interrupted."""

    code = "already_initialised"
    hint = "Choose another folder; an issuer's keys are never overwritten."


class NotAnIssuer(IssuerError):
    """The folder holds no issuer, or a part of it is missing or unreadable."""

    code = "not_an_issuer"
    hint = "Run `liangzheng issuer init DIR --region 310000` first, or name the folder that it made."


class PortraitRefused(IssuerError):
    """The portrait is too large, of another format or no picture, or is named and not given."""

    code = "portrait_refused"
    hint = (
        "Make it one still WebP or AVIF of 90 × 120 to 120 × 160 pixels, about 1,000 bytes and at most 4,096: "
        "`cwebp -metadata none -resize 90 120 -size 1000 IN -o OUT.webp`. Nothing was recorded."
    )


class ProfileRefused(IssuerError):
    """Region or authority are not in their form."""

    code = "profile_refused"
    hint = "A region has six digits (GB/T 2260, such as 310000), an authority 1 to 16 of A-Z and 0-9 (such as GA)."


class KeyFileDamaged(IssuerError):
    """The key file is not the one that was written."""

    code = "key_file_damaged"
    hint = "Restore keys.box (and keys.key, where there is one) from a backup."


class PassphraseRequired(IssuerError):
    """The keys are encrypted under a passphrase and none was given."""

    code = "passphrase_required"
    hint = "Give --passphrase-file FILE, or set LIANGZHENG_PASSPHRASE."


class PassphraseRefused(IssuerError):
    """A passphrase that cannot protect anything, or cannot be read."""

    code = "passphrase_refused"
    hint = "Use at least 8 characters."


class WrongPassphrase(IssuerError):
    """The key file is intact and does not open with this passphrase or key."""

    code = "wrong_passphrase"
    hint = "Give the passphrase that was used at init."


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a subject. The value itself is never repeated."""

    item: str
    what: str
    expected: str
    example: str

    def __str__(self) -> str:
        return f"{self.item}: {self.what}; expected {self.expected}, for example {self.example}"


class SubjectRefused(IssuerError):
    """The subject has unknown, missing or wrong items; all of them are listed."""

    code = "subject_refused"
    hint = "Correct these items and issue again; nothing was recorded."

    def __init__(self, problems: Sequence[Problem]) -> None:
        lines = "\n".join(f"  - {problem}" for problem in problems)
        super().__init__(f"the subject has {len(problems)} wrong item(s):\n{lines}")
        self.problems = tuple(problems)


class KindUnknown(IssuerError):
    """The catalogue has no kind with this slug."""

    code = "kind_unknown"
    hint = "Use one of the kinds that the message lists."


class HolderKeyRefused(IssuerError):
    """The holder key is not a public key that a licence may be bound to."""

    code = "holder_key_refused"
    hint = "Give the file or the text that `liangzheng wallet key DIR` prints."


class LintRefused(IssuerError):
    """What would have been signed breaks a rule; nothing was signed."""

    code = "lint_refused"
    hint = "This is a mistake of the catalogue or of the issuer's configuration, not of the holder."


class IssuanceInterrupted(IssuerError):
    """The intent is recorded and a signature failed; the index stays taken."""

    code = "issuance_interrupted"
    hint = "The signing key did not answer. The licence stays listed as unfinished; issue it again when the key works."


class LicenceUnknown(IssuerError):
    """The register has no licence with this id."""

    code = "licence_unknown"
    hint = "Look it up with `liangzheng issuer list DIR`."


class LicenceNotValid(IssuerError):
    """Nothing new is issued for a licence that is suspended or ended."""

    code = "licence_not_valid"
    hint = "Reinstate it first; a revoked licence needs a new one."


class PackageUnknown(IssuerError):
    """No package lies at this address, or it has never been finished."""

    code = "package_unknown"
    hint = "Ask the authority for a new address."


class TransitionRefused(IssuerError):
    """The licence's status does not allow this change."""

    code = "transition_refused"
    hint = (
        "Whatever has ended is final. Only a valid licence is suspended, superseded or transferred, only a suspended "
        "one reinstated."
    )


class ReasonRefused(IssuerError):
    """A legal change without a usable reason."""

    code = "reason_refused"
    hint = "Give a reason of 1 to 200 characters on one line."


class NoFreeIndex(IssuerError):
    """No status list has a free entry, or every drawn identifier is taken."""

    code = "no_free_index"
    hint = "Try again; if it stays so, the region has used every list number that there is."


class IndexGivenTwice(IssuerError):
    """The entry that came next belongs to another credential: the register's memory of what was given went back."""

    code = "index_given_twice"
    hint = (
        "The register or keys.box came back from a backup. Run `liangzheng issuer close-lists DIR`: new lists are "
        "opened, and nothing that was given is given again. Nothing was issued."
    )


class RegisterTaken(IssuerError):
    """The database for a new register holds one already."""

    code = "register_taken"
    hint = "Name an empty database; a register is never overwritten."


class RegisterNewer(IssuerError):
    """The register has tables that this version of the program does not know."""

    code = "register_newer"
    hint = "Run the newer version; a register never goes back to an older one."


class RegisterUnavailable(IssuerError):
    """The register cannot be read or written."""

    code = "register_unavailable"
    hint = (
        "Look at the disk, the permissions and other processes; then try again: nothing was half written. "
        "A damaged register is restored from a backup."
    )


class StorageFailed(IssuerError):
    """A file could not be read or written."""

    code = "storage_failed"
    hint = "Look at the disk and the permissions; then try again."


class PublishingFailed(IssuerError):
    """The change stands in the register and is not published yet."""

    code = "publishing_failed"
    hint = "Remove the cause and run `liangzheng issuer publish DIR`: until then terminals do not know of the change."


class DeviceUnknown(IssuerError):
    """The licence has no such device, or several of that name."""

    code = "device_unknown"
    hint = "Look at them with `liangzheng issuer devices DIR LICENCE`, and name one with --device."


class DeviceNotInForce(IssuerError):
    """The device is not in the state that this report starts from."""

    code = "device_not_in_force"
    hint = "Look at it with `liangzheng issuer devices DIR LICENCE`; terminals refuse what was lost or has ended."


class MandateRefused(IssuerError):
    """What the mandate is to allow breaks a rule; nothing was recorded or signed."""

    code = "mandate_refused"
    hint = "Correct it and issue the mandate again."


class MandateUnknown(IssuerError):
    """The register has no mandate with this id."""

    code = "mandate_unknown"
    hint = "Look it up with `liangzheng issuer mandates DIR LICENCE`."


class MandateNotInForce(IssuerError):
    """The mandate is suspended, has ended, or was never finished."""

    code = "mandate_not_in_force"
    hint = "Look at it with `liangzheng issuer mandates DIR LICENCE`; one that has ended needs a new one."


class PaperRefused(IssuerError):
    """There is no paper code of this kind or length; nothing was recorded or signed."""

    code = "paper_refused"
    hint = "Correct it and issue the paper code again."


class PaperUnknown(IssuerError):
    """The register has no paper code with this id, and no licence with paper codes."""

    code = "paper_unknown"
    hint = "Look it up with `liangzheng issuer papers DIR LICENCE`."


class PaperNotInForce(IssuerError):
    """The paper code has ended already."""

    code = "paper_not_in_force"
    hint = "Nothing is left to do: terminals refuse it. Issue another one where the holder needs it."


class TerminalRefused(IssuerError):
    """What is to be certified breaks a rule; nothing was recorded or signed."""

    code = "terminal_refused"
    hint = "Correct it and certify again."


class TerminalTaken(IssuerError):
    """A certificate for another key is still running under this terminal's name."""

    code = "terminal_taken"
    hint = "Choose another name; if the terminal was replaced by a new machine, say so with --replace."


class TerminalNotRunning(IssuerError):
    """No certificate of this terminal runs that was not withdrawn before."""

    code = "terminal_not_running"
    hint = "Look it up with `liangzheng issuer terminals DIR --search NAME`; a certificate that is over needs nothing."


class StaffRefused(IssuerError):
    """What is to be certified for a member of staff breaks a rule; nothing was recorded or signed."""

    code = "staff_refused"
    hint = "Correct it and certify again."


class StaffTaken(IssuerError):
    """A certificate for another key is still running under this staff number."""

    code = "staff_taken"
    hint = "If the person has a new key, say so with --replace; else look at the number again."


class StaffNotRunning(IssuerError):
    """No certificate of this staff number runs that was not withdrawn before."""

    code = "staff_not_running"
    hint = "Look it up with `liangzheng issuer staff DIR --search NUMBER`; a certificate that is over needs nothing."


class RecognitionRefused(IssuerError):
    """What was to be recognised is no other region, no kind, or nothing that the policy has a row for."""

    code = "recognition_refused"
    hint = "Name six digits of GB/T 2260 that are not this region's, and kinds as `issuer issue --help` lists them."


class OfficeRefused(IssuerError):
    """An office's text is not in its form, a kind of it is unknown, or its name is listed already."""

    code = "office_refused"
    hint = "Holders read these texts on their phones: 1 to 64 visible characters on one line. Nothing was recorded."


class OfficeUnknown(IssuerError):
    """No office is listed under this name."""

    code = "office_unknown"
    hint = "Look it up with `liangzheng issuer office DIR list`."


class SiteRefused(IssuerError):
    """A site's code, name or relying party is not in its form."""

    code = "site_refused"
    hint = "Holders read these texts on their phones: 1 to 64 visible characters on one line. Nothing was recorded."


class SiteTaken(IssuerError):
    """The code was given to a site before; an old sign must not name another place."""

    code = "site_taken"
    hint = "Choose another code, or leave --code out: one is drawn."


class SiteUnknown(IssuerError):
    """No site in use has this code."""

    code = "site_unknown"
    hint = "Look it up with `liangzheng issuer site DIR list`."
