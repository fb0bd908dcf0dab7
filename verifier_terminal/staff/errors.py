"""Why nobody could sign on, off or over: what happened, what it means, what to do."""

from typing import ClassVar

from verifier_terminal.errors import TerminalError


class StaffError(TerminalError):
    """The root of everything about staff. Texts name staff numbers and never passphrases."""

    meaning: ClassVar[str] = "this could not be done for a member of staff"
    advice: ClassVar[str] = "look at `terminal staff DIR list`"


class NobodyOnDuty(StaffError):
    """Nobody has signed on, and what was wanted needs somebody who answers for it."""

    meaning = "nobody is on duty at this terminal, so nothing is checked"
    advice = "sign on at the page with staff number and passphrase, then show the code again; nothing was used up"


class StaffUnknown(StaffError):
    """No key file of this person is on the terminal or on the stick."""

    meaning = "this terminal has no key for this staff number"
    advice = "insert the stick with the key, or have `terminal staff DIR add` make one here"


class WrongPassphrase(StaffError):
    """The key stays closed."""

    meaning = "the passphrase does not open this key"
    advice = "try again without haste; after five wrong ones in a row the terminal waits before the next"


class PassphraseTooShort(StaffError):
    """A passphrase that would be guessed."""

    meaning = "this passphrase is too short"
    advice = "choose at least 8 characters; several words are easier to remember than signs"


class StaffKeyDamaged(StaffError):
    """The key file cannot be read or written, or is none."""

    meaning = "the file with this person's key cannot be used"
    advice = "see that it can be read; if it is damaged, remove it and make a new key with `terminal staff DIR add`"


class StaffTaken(StaffError):
    """A key for this number is there already."""

    meaning = "this staff number has a key here already"
    advice = "nothing was changed; remove it first if a new key is really wanted"


class StaffCertificateRefused(StaffError):
    """The certificate is not good here and now."""

    meaning = "this person's certificate is not good here"
    advice = "have the region certify the key again with `issuer certify-staff`, and install the new file"

    def __init__(self, detail: str, *, trouble: str) -> None:
        super().__init__(detail)
        self.trouble = trouble
        """One word of `checking.StaffTrouble`."""


class AlreadyOnDuty(StaffError):
    """Somebody else is on duty; the shift is handed over, not taken."""

    meaning = "somebody is on duty already"
    advice = "let that person hand the shift over, or sign off first"


class SummaryChanged(StaffError):
    """Between looking and confirming something was done, so what was confirmed is not what stands now."""

    meaning = "the shift has changed since its summary was shown"
    advice = "look at the new summary and confirm again"


class CaseRefused(StaffError):
    """No queue number or case id: too long, not printable, or the number of a person."""

    meaning = "this is no queue number or case id"
    advice = "give 1 to 32 visible characters, and never the number of a person: it would stand in the journal"


class StaffSettingsUnusable(StaffError):
    """The file that says how staff sign on is damaged, or says something that means nothing."""

    meaning = "the settings for staff cannot be used"
    advice = "set them again with `terminal staff DIR settings`"
