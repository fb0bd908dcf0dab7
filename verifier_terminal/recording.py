"""Writing one check down: journal row, replay keys and re-check entries of all its licences, in one transaction.

Guaranteed: all of it is durable or none of it; no value of an item, no holder key and no status index gets into the
journal. Not handled here: what is shown, and to whom.
"""

from collections.abc import Callable, Iterable
from typing import Final

from protocol.unixtime import UnixTime
from verifier_terminal import basis, check_number, disputes, double_shows
from verifier_terminal.appraisal.context import Face, Knowledge
from verifier_terminal.appraisal.verdict import Verdict
from verifier_terminal.errors import OutOfOrder
from verifier_terminal.events import ForeignCode
from verifier_terminal.store import journal
from verifier_terminal.store.anchor import Head
from verifier_terminal.store.journal import Payload
from verifier_terminal.store.recheck import Waiting
from verifier_terminal.store.store import Store

EXERCISE_NUMBER: Final = "000-000"
_MAX_SOURCE_CHARACTERS: Final = 120
_DRAWS: Final = 16


def record(
    verdict: Verdict,
    *,
    store: Store,
    knowledge: Knowledge | None,
    face: Face,
    fingerprint: str,
    source: str,
    foreign: ForeignCode | None,
    read: Verdict | None = None,
    also: Iterable[Payload] = (),
) -> Head:
    """Writes a check down and gives the journal's head, which is its row.

    Args:
        verdict: What was said.
        store: Where to.
        knowledge: Whose policy says how long a row is kept.
        face: The place; its region is the terminal's own.
        fingerprint: Of a code of which nothing could be established an HMAC of this is kept.
        source: Name of the device.
        foreign: What a foreign code was recognised as.
        read: The verdict on what was read now, where the act has an earlier code too; that was written down then.
        also: Further rows about the act.

    Raises:
        UsedAlready: Another process used one of its presentations up meanwhile.
        OutOfOrder: It could not be written.
    """
    at = verdict.at
    new = verdict if read is None else read
    with store.writing():
        unread = verdict.replay_key is None and verdict.licence is None and not verdict.members
        payload = journal.verdict_payload(
            verdict,
            source=_printable(source),
            foreign=None if foreign is None else foreign.slug,
            unknown_digest=store.unknown_digest(fingerprint, at=at) if unread else None,
            basis=basis.payload(verdict, knowledge, face),
        )
        days = _retention(verdict, knowledge)
        head = store.journal.append(payload, at=at, retention_days=days, new_check=True)
        for dispute in disputes.payloads(new, home=face.region):
            disputes.write_down(store, dispute, retention_days=days)
        for row in also:
            store.journal.append(row, at=at, retention_days=days)
        burn(new, store, number=verdict.check_number)
        for each in _licences(new):
            if each.recheck and each.status_reference is not None:
                uri, idx = each.status_reference
                as_of = UnixTime(at - (each.ages.status or 0))
                store.rechecks.add(Waiting(verdict.check_number, uri, idx, as_of, at))
    return head


def burn(verdict: Verdict, store: Store, *, number: str) -> None:
    """Uses up what was shown, for the check of this number; inside a transaction. Raises: UsedAlready."""
    for each in _licences(verdict):
        if each.replay_key is None:
            continue
        if each.burn_until is not None:
            store.replay.burn(each.replay_key, at=verdict.at, until=each.burn_until)
        elif each.earlier_use is None or each.earlier_use.here:
            # Refused, and not for what a neighbour said: that is nothing to tell one.
            continue
        double = store.site.note(each.replay_key, number, at=verdict.at, accepted=each.burn_until is not None)
        if double is not None:
            double_shows.write_down(store, double)


def free_number(store: Store, random_bytes: Callable[[int], bytes]) -> str:
    """A check number that no check in the journal has.

    Raises:
        OutOfOrder: The random source repeats itself.
    """
    for _ in range(_DRAWS):
        number = check_number.draw(random_bytes)
        if number != EXERCISE_NUMBER and store.journal.number_is_free(number):
            return number
    raise OutOfOrder("no free check number was drawn: the random source repeats itself")


def _licences(verdict: Verdict) -> tuple[Verdict, ...]:
    """The verdict on each licence: a bundle has nothing of its own to use up."""
    return verdict.members or (verdict,)


def _retention(verdict: Verdict, knowledge: Knowledge | None) -> int:
    """For a row about several licences the shortest time that policy allows for any of them."""
    days = [
        journal.DEFAULT_RETENTION_DAYS if row is None else row.retention_days
        for each in _licences(verdict)
        for row in [
            knowledge.policy.row(each.licence.vct, verdict.purpose, each.licence.region)
            if knowledge and each.licence
            else None
        ]
    ]
    return min(days)


def _printable(source: str) -> str:
    return "".join(each for each in source if each.isprintable())[:_MAX_SOURCE_CHARACTERS]
