"""Runbooks about equipment and staff: a terminal is lost, somebody of the staff is not to be trusted any more."""

from typing import Final

from issuer.approvals.register import State
from issuer.runbooks import book
from issuer.runbooks.book import Look, Question, Runbook, Scene, Step
from issuer.runbooks.errors import RunbookStopped
from issuer.runbooks.of_keys import REASON
from issuer.terminals.withdrawing import is_withdrawn
from protocol import unixtime


def _terminal(scene: Scene) -> Look:
    wanted = scene.answers["terminal"]
    for each in scene.issuer.fleet.standings(at=scene.now()):
        if each.terminal == wanted:
            heard = "never heard" if each.heard_at is None else f"heard {unixtime.iso_local(each.heard_at)}"
            end = unixtime.iso_local(each.certificate_end)
            return Look(True, f"{each.place}, {each.relying_party}; certificate to {end}; {heard}")
    return Look(False, "unknown", blocked="no terminal is called so: look at `liangzheng issuer terminals DIR`")


def _keys_left(scene: Scene) -> int:
    wanted = scene.answers["terminal"]
    certificates = scene.issuer.terminals.listed(search=wanted)
    keys = {each.key_thumbprint for each in certificates if each.terminal == wanted}
    return sum(not is_withdrawn(scene.issuer.register, each) for each in keys)


def _withdrawn(scene: Scene) -> Look:
    left = _keys_left(scene)
    return Look(left == 0, f"{left} keys of it may still ask")


def _withdraw(scene: Scene) -> str:
    gone = scene.issuer.withdrawing.withdraw(
        scene.answers["terminal"], reason=scene.answers["reason"], actor=scene.by, at=scene.now()
    )
    return f"{len(gone)} keys withdrawn, published in the directory that wallets read"


def _rows(scene: Scene) -> Look:
    wanted = scene.answers["terminal"]
    acts = [
        each for each in scene.issuer.acts.listed(decided_too=False, at=scene.now()) if each.held.terminal == wanted
    ]
    if acts:
        named = ", ".join(each.held.id[:16] for each in acts[:5])
        return Look(False, f"{len(acts)} officers' acts", blocked=f"decide about the acts that it sent: {named}")
    return Look(True, "no officer's act of it waits")


TERMINAL_LOST: Final = Runbook(
    "terminal-lost",
    "A terminal is stolen or lost.",
    (Question("terminal", "Its name, as `issuer terminals` lists it.", book.words), REASON),
    (
        Step("known", "Look it up", "Nothing is changed.", "seconds", _terminal),
        Step(
            "withdraw",
            "Withdraw its keys",
            "Wallets do not answer it any more once they have the directory; it gets no next certificate.",
            "seconds; a day for wallets that are offline",
            _withdrawn,
            _withdraw,
        ),
        Step("acts", "Look at officers' acts that came from it", "Nothing is changed.", "seconds", _rows),
        book.by_hand(
            "journal",
            "Ask the office what lay in it: its journal has no personal values, its print-outs may",
            "What was stored in it in the clear has to be reported (个人信息保护法 article 57).",
            "by hand",
        ),
    ),
)


def _person(scene: Scene) -> Look:
    number, person = scene.answers["number"], scene.answers["person"]
    if number == person == book.NOTHING:
        return Look(False, "nobody", blocked="neither a staff number nor a person of the console was given")
    names = [each.name for each in scene.issuer.staff.listed(search=number) if each.number == number]
    names += [each.name for each in scene.issuer.people.listed() if each.id == person]
    if not names:
        return Look(False, "nobody", blocked="nobody has this number or id")
    return Look(True, f"{', '.join(sorted(set(names)))}: is that the person?")


def _certified(scene: Scene) -> set[bytes]:
    number, at = scene.answers["number"], scene.now()
    running = {
        each.key_thumbprint
        for each in scene.issuer.staff.listed(search=number)
        if each.number == number and each.exp > at
    }
    return running - {each.key_thumbprint for each in scene.issuer.staff.withdrawn(at=at)}


def _no_certificate(scene: Scene) -> Look:
    left = len(_certified(scene)) if scene.answers["number"] != book.NOTHING else 0
    return Look(left == 0, f"{left} certificates run")


def _withdraw_staff(scene: Scene) -> str:
    gone = scene.issuer.staff.withdraw(
        scene.answers["number"], reason=scene.answers["reason"], actor=scene.by, at=scene.now()
    )
    return f"{len(gone)} certificates withdrawn"


def _shut_out(scene: Scene) -> Look:
    person = scene.answers["person"]
    if person == book.NOTHING:
        return Look(True, "no person of the console was named")
    is_out = scene.issuer.people.one(person).disabled_at is not None
    return Look(is_out, "may not come in" if is_out else "may still come in")


def _shut(scene: Scene) -> str:
    scene.issuer.people.disable(scene.answers["person"], actor=scene.by, at=scene.now())
    return "shut out, every session ended"


def _names(scene: Scene) -> set[str]:
    return {each for each in (scene.answers["number"], scene.answers["person"]) if each != book.NOTHING}


def _proposals(scene: Scene) -> list[str]:
    found = scene.issuer.approvals.listed(decided_too=False, at=scene.now())
    return [each.id for each in found if each.proposed_by in _names(scene) and each.state is State.PROPOSED]


def _none_waits(scene: Scene) -> Look:
    left = _proposals(scene)
    return Look(not left, f"{len(left)} of their proposals wait")


def _decline(scene: Scene) -> str:
    if scene.by in _names(scene):
        raise RunbookStopped("this person does not decide about their own proposals")
    left = _proposals(scene)
    for each in left:
        scene.issuer.approvals.decline(each, by=scene.by, why=scene.answers["reason"], at=scene.now())
    return f"{len(left)} declined"


def _acts(scene: Scene) -> Look:
    since = book.moment(scene.answers["since"])
    acts = [
        each
        for name in sorted(_names(scene))
        for each in scene.issuer.audit.listed(search=name)
        if each.actor == name and each.at >= since
    ]
    counted: dict[str, int] = {}
    for each in acts:
        counted[each.act] = counted.get(each.act, 0) + 1
    words = ", ".join(f"{count} {act}" for act, count in sorted(counted.items()))
    return Look(True, f"since then: {words or 'nothing'}. `issuer audit list DIR --search ID` names each")


STAFF_COMPROMISED: Final = Runbook(
    "staff-compromised",
    "Somebody of the staff is not to be trusted any more, or somebody else has what they sign on with.",
    (
        Question("number", "Their staff number at terminals; - if none.", book.words),
        Question("person", "Their id at the console; - if none.", book.words),
        Question("since", "Since when: 2026-11-22T08:00:00.", book.moment),
        REASON,
    ),
    (
        Step("who", "Look who that is", "Nothing is changed.", "seconds", _person),
        Step(
            "certificate",
            "Withdraw their certificate",
            "Terminals refuse them with the next trust list; one that is offline, when it ends: a week at most.",
            "seconds",
            _no_certificate,
            _withdraw_staff,
        ),
        Step(
            "console", "Let them into the console no more", "At once; what they did stays.", "seconds", _shut_out, _shut
        ),
        Step(
            "proposals", "Decline what they have proposed", "Nobody carries it out.", "seconds", _none_waits, _decline
        ),
        Step("acts", "Look what they did since", "Nothing is changed.", "seconds", _acts),
        book.by_hand(
            "decide",
            "Decide about each of these acts, with a second person",
            "What ended wrongly is undone by `issuer propose reversal`; what was issued wrongly is withdrawn (撤销).",
            "by hand",
        ),
    ),
)
