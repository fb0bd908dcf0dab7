"""Why the software stays as it is: what happened, what it means, what to do. The version that runs goes on."""

from typing import ClassVar

from verifier_terminal.errors import TerminalError


class UpdateError(TerminalError):
    """The root of everything about newer versions of the software."""

    meaning: ClassVar[str] = "the software stays as it is"
    advice: ClassVar[str] = "look at `terminal update status DIR`"


class NoRepository(UpdateError):
    """The terminal knows one region alone, and no repository that could sign software."""

    meaning = "this terminal has no repository of trust, and only such a one offers software"
    advice = "set it up with `terminal init --repository`, or install newer software by hand"


class SettingsUnusable(UpdateError):
    """`updates.toml` cannot be read as opening hours."""

    meaning = "the opening hours in updates.toml cannot be used, so nothing is applied by itself"
    advice = 'write days as in [open] monday = ["09:00-17:30"], one date as in [days] "2026-10-01" = []'


class ReleasesLate(UpdateError):
    """What is held about releases is past its end, so that a withdrawal may have been missed."""

    meaning = "what the repository says about software is out of date, so nothing of it is taken"
    advice = "let the terminal reach its repository; whoever runs it publishes again"


class ReleaseDamaged(UpdateError):
    """The archive has other bytes than the signed ones; it was thrown away."""

    meaning = "the software that was fetched is not what was signed, and was thrown away"
    advice = "it is fetched again with the next look; if it stays so, tell whoever runs the mirror"


class ArchiveRefused(UpdateError):
    """The archive is signed and holds what no release holds."""

    meaning = "the software that was fetched holds what no release holds, and is not unpacked"
    advice = "tell whoever releases the software; this release is not tried again here"


class InstallFailed(UpdateError):
    """The new version could not be put beside the old one."""

    meaning = "the new version could not be installed beside the one that runs"
    advice = "look at free space and permissions of the software's folder; the next look tries it again"


class SelfTestFailed(UpdateError):
    """The new version does not work on a copy of this terminal."""

    meaning = "the new version does not pass its self-test on this machine"
    advice = "tell whoever releases the software; this release is not tried again here"


class NothingReady(UpdateError):
    """No version is fetched and tried."""

    meaning = "no newer version is ready"
    advice = "`terminal update fetch DIR` looks for one"


class NotNow(UpdateError):
    """The place is open, in use, or asked to wait."""

    meaning = "the new version is ready and is not applied now"
    advice = "it is applied outside of the opening hours when nobody has used the terminal for a while"


class NoWayBack(UpdateError):
    """Neither version could read what the other one leaves."""

    meaning = "after this change the version before could not use the terminal's database"
    advice = "make a backup, then `terminal update apply DIR --no-way-back`"


class NothingBefore(UpdateError):
    """There is no version to go back to."""

    meaning = "there is no version before this one"
    advice = "install another one by hand"
