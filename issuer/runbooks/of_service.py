"""Runbooks about the register and the service: it is lost, the clock is wrong, the feed is not published."""

from pathlib import Path
from typing import Final

from issuer import database
from issuer.backups import restoring
from issuer.backups.restoring import Restored
from issuer.feed.ceremonies import Ceremonies, FeedStatus
from issuer.keys.box import LIBSODIUM_MODERATE
from issuer.runbooks import book
from issuer.runbooks.book import Look, Question, Runbook, Scene, Step
from protocol import unixtime
from protocol.unixtime import MINUTE

CLOCK_OFF: Final = MINUTE
LATE: Final = 3 * MINUTE
"""Older than this, the newest checkpoint is not this minute's, nor the one before."""


def _backup(scene: Scene) -> Restored:
    file, words = Path(scene.answers["backup"]), scene.line("words")
    return restoring.checked(file, words, LIBSODIUM_MODERATE)


def _readable(scene: Scene) -> Look:
    found = _backup(scene)
    when = unixtime.iso_local(found.at)
    return Look(True, f"{found.iss} as of {when}, {found.rows.get('licence', 0)} licences, the trail to {found.head}")


def _restored(scene: Scene) -> Look:
    if scene.is_there:
        return Look(True, f"{scene.folder.name} holds {scene.issuer.profile.iss}")
    if scene.folder.exists() and any(scene.folder.iterdir()):
        return Look(False, "not there", blocked=f"{scene.folder.name} holds something else")
    return Look(False, f"{scene.folder.name} is empty")


def _restore(scene: Scene) -> str:
    scene.opens.restore(scene)
    return "restored"


def _came_back(scene: Scene) -> Look:
    position = _backup(scene).head.position
    closed = [each for each in scene.issuer.audit.listed(search="close-lists") if each.position > position]
    return Look(bool(closed), "open lists are closed, a new epoch has begun" if closed else "it is as it was then")


def _come_back(scene: Scene) -> str:
    scene.close()
    scene.opens.come_back(scene)
    return "erased again what was erased, lists closed, a new epoch, published"


def _verified(scene: Scene) -> Look:
    head = scene.issuer.audit.verify(anchors=[_backup(scene).head])
    return Look(True, f"the trail holds, to {head.position}; what was done since the backup is not in it")


def _folder_or_nothing(text: str) -> None:
    if text != book.NOTHING and not Path(text).is_dir():
        raise ValueError("there is no such folder")


def _database(text: str) -> None:
    if text != book.NOTHING:
        database.check_server_url(text)


REGISTER_LOST: Final = Runbook(
    "register-lost",
    "The register is lost or damaged, and a backup is there. DIR is a new folder.",
    (
        Question("backup", "The newest backup.", book.file),
        Question("words", "A file with the backup's passphrase.", book.file, is_file=True),
        Question("register", "An empty PostgreSQL database for it: its address; a file in DIR if -.", _database),
        Question("published", "The folder that was published last, if it survived; else -.", _folder_or_nothing),
        Question(
            "erasures", "A log of erasures that is newer than those beside the backup; else -.", book.file_or_nothing
        ),
    ),
    (
        Step(
            "readable",
            "Read the backup to its end",
            "Nothing is changed.",
            "a minute for a million licences",
            _readable,
        ),
        book.by_hand(
            "stopped",
            "Stop the old service for good: its machine, its timers, its copies",
            "Two registers must never feed one place.",
            "by hand",
        ),
        Step(
            "restore",
            "Put it into DIR",
            "What was done since has to be done again: audit exports and the counters' papers say what.",
            "minutes",
            _restored,
            _restore,
        ),
        Step(
            "come-back",
            "Erase again, close lists, begin an epoch, publish",
            "Nothing that was given or published since is given again or contradicted.",
            "seconds; a minute",
            _came_back,
            _come_back,
        ),
        Step("verify", "Verify the audit trail", "Nothing is changed.", "a minute for some million acts", _verified),
        book.by_hand(
            "again",
            "Do again what was done since the backup, begin with what ends licences",
            "Terminals keep what they have seen; licences that were issued since have to be issued anew.",
            "by hand",
        ),
    ),
    needs_issuer=False,
)


def _feed(scene: Scene) -> FeedStatus:
    return Ceremonies(scene.issuer.feed, iss=scene.issuer.profile.iss).status(at=scene.now())


def _compared(scene: Scene) -> Look:
    off = scene.now() - book.moment(scene.answers["true-time"])
    # Whoever reads a clock off and types it takes a while, and never less than none.
    if not -CLOCK_OFF <= off <= 10 * MINUTE:
        why = "set the clock of this machine (timedatectl), run again with the time of then"
        return Look(False, f"this clock is {off} s off", blocked=f"this clock is {off} s off: {why}")
    return Look(True, f"this clock is {off} s behind what you have read, which is the typing")


def _not_ahead(scene: Scene) -> Look:
    ahead = _feed(scene).iat - scene.now()
    return Look(ahead <= CLOCK_OFF, f"the newest checkpoint is {max(0, ahead)} s ahead of this clock")


def _new_epoch(scene: Scene) -> str:
    scene.issuer.feed.begin_epoch(at=scene.now(), actor=scene.by)
    scene.issuer.publish(at=scene.now())
    scene.issuer.publish(at=scene.now())
    return "a new epoch"


def _dated(scene: Scene) -> Look:
    ahead = [each for each in scene.issuer.audit.listed() if each.at > scene.now() + CLOCK_OFF]
    some = ", ".join(f"{each.act} {each.id[:12]}" for each in ahead[:5])
    return Look(True, f"{len(ahead)} of the last 1,000 acts have a moment that is not yet{': ' if some else ''}{some}")


def _fresh(scene: Scene) -> Look:
    found = _feed(scene)
    is_fresh = found.age <= LATE and found.iat - scene.now() <= CLOCK_OFF
    return Look(is_fresh, f"epoch {found.epoch}, seq {found.seq}, {found.age} s old, {found.due} due")


def _publish(scene: Scene) -> str:
    publication = scene.issuer.publish(at=scene.now())
    return f"{len(publication.files)} files published"


CLOCK_WRONG: Final = Runbook(
    "clock-wrong",
    "The issuer's clock was wrong, or terminals hold back its moments.",
    (Question("true-time", "The time of now by another clock: 2026-11-22T08:00:00.", book.moment),),
    (
        Step("compare", "Compare the clock", "Nothing is changed.", "seconds", _compared),
        Step(
            "epoch",
            "Begin a new epoch, if the feed is ahead of the clock",
            "Terminals that hold its moments back go on; the alarm there ends.",
            "seconds",
            _not_ahead,
            _new_epoch,
        ),
        Step(
            "dated",
            "Look what was dated ahead",
            "Credentials among it are refused until then: issue again.",
            "seconds",
            _dated,
        ),
        Step("publish", "Publish", "Terminals have it with their next poll.", "seconds", _fresh, _publish),
    ),
)


def _blocked_if_ahead(scene: Scene) -> Look:
    found = _not_ahead(scene)
    if found.done:
        return found
    return Look(False, found.says, blocked=f"{found.says}: run clock-wrong first")


def _held_back(scene: Scene) -> Look:
    found = _feed(scene)
    if found.due == 0:
        return Look(True, "nothing is held back")
    why = "find out who made them; what is meant: `issuer propose release`, then the offline key (docs/operations.md)"
    return Look(False, f"{found.due} changes", blocked=f"{found.due} changes are held back: {why}")


def _complete(scene: Scene) -> Look:
    folder = scene.issuer.places.published
    missing = [name for name in ("trust.cbor", "feed.cbor", "root.cbor") if not (folder / name).is_file()]
    return Look(not missing, f"missing in published/: {', '.join(missing) or 'nothing'}")


FEED_DOWN: Final = Runbook(
    "feed-down",
    "Terminals say that statuses are old: nothing is published any more.",
    (),
    (
        Step("clock", "Look whether the clock is behind the feed", "Nothing is changed.", "seconds", _blocked_if_ahead),
        Step("publish", "Publish by hand", "Terminals have it with their next poll.", "seconds", _fresh, _publish),
        Step(
            "held", "Look whether something is held back", "What is due otherwise is published.", "seconds", _held_back
        ),
        Step(
            "complete",
            "Look whether everything is there",
            "A web server can only serve what is.",
            "seconds",
            _complete,
            _publish,
        ),
        book.by_hand(
            "served",
            "Fetch feed/checkpoint and trust.cbor through the web server, from another machine",
            "What lies in the folder and is not served is nowhere.",
            "a minute",
        ),
    ),
)
