"""Runbooks about people: somebody died, has another name, asks what is held of them, or wants it erased."""

import json
from pathlib import Path
from typing import Any, Final

from issuer import durable_files, holder_keys
from issuer.arguments import keep_package
from issuer.changing.bulk import BULK_CHANGE
from issuer.changing.preview import Affected
from issuer.changing.selecting import Selection
from issuer.holders.erasing import ERASE, Erased
from issuer.holders.errors import HolderUnknown
from issuer.lifecycle import LegalChange
from issuer.openid4vci.offering import UNFINISHED
from issuer.register import LicenceRecord
from issuer.runbooks import book
from issuer.runbooks.book import Look, Question, Runbook, Scene, Step
from issuer.runbooks.of_keys import REASON, propose_once, waiting
from protocol.status_list import Status

NUMBER: Final = Question("number-file", "A file whose first line is the holder's number.", book.file, is_file=True)
_SOME: Final = 5


def _licences(scene: Scene) -> tuple[LicenceRecord, ...]:
    """The licences of the person, whether or not they are in force."""
    number = scene.line("number-file")
    found = scene.issuer.register.by_number(number, limit=10_000) if number else ()
    return tuple(each for each in found if each.holder_number == number)


def _somebody(scene: Scene) -> Look:
    found = _licences(scene)
    names = sorted({each.holder_name for each in found})
    if not found:
        return Look(False, "nobody", blocked="no licence has this holder's number: look at the number again")
    return Look(True, f"{len(found)} licences of {', '.join(names[:_SOME])}: is that the person?")


def _affected(scene: Scene) -> Affected:
    selection = Selection(ids=tuple(each.id for each in _licences(scene)))
    return scene.issuer.changes.preview(selection, LegalChange.CANCEL, at=scene.now())


def _offers(scene: Scene) -> list[str]:
    its = {each.id for each in _licences(scene)}
    return [
        each.offer_id
        for each in scene.issuer.wallet_issuing.offers.listed()
        if each.licence_id in its and each.state in UNFINISHED and each.until > scene.now()
    ]


def _no_offers(scene: Scene) -> Look:
    open_ones = _offers(scene)
    return Look(not open_ones, f"{len(open_ones)} open offers")


def _withdraw_offers(scene: Scene) -> str:
    open_ones = _offers(scene)
    for each in open_ones:
        scene.issuer.wallet_issuing.offers.withdraw(each, actor=scene.by, at=scene.now())
    return f"{len(open_ones)} withdrawn"


def _needs_two(scene: Scene, found: Affected) -> bool:
    return len(found.licences) > scene.issuer.changes.left(found, actor=scene.by, at=scene.now()).licences


def _cancel_content(scene: Scene) -> Any:
    selection = Selection(ids=tuple(each.id for each in _licences(scene)))
    return scene.issuer.changes.content(selection, LegalChange.CANCEL)


def _proposed_if_many(scene: Scene) -> Look:
    found = _affected(scene)
    if not _needs_two(scene, found):
        return Look(True, f"{len(found.licences)} licences: one person may")
    is_waiting = waiting(scene, BULK_CHANGE, _cancel_content(scene))
    scene.proposal = scene.proposal if is_waiting is None else is_waiting.id
    return Look(is_waiting is not None, f"{len(found.licences)} licences take a second person")


def _cancelled(scene: Scene) -> Look:
    found = _affected(scene)
    more = f"{found.devices} devices, {len(found.mandates)} mandates, {len(found.papers)} paper codes"
    return Look(not found.licences, f"{len(found.licences)} licences to cancel, with {more}")


def _cancel(scene: Scene) -> str:
    found = _affected(scene)
    if _needs_two(scene, found):
        return scene.approve()
    selection = Selection(ids=tuple(each for each, _ in found.licences))
    done = scene.issuer.changes.change(
        selection, LegalChange.CANCEL, reason=scene.answers["reason"], actor=scene.by, at=scene.now()
    )
    return f"{len(done.licences)} cancelled"


HOLDER_DIED: Final = Runbook(
    "holder-died",
    "A holder has died: every licence of theirs is cancelled (注销), and what hangs on it.",
    (NUMBER, REASON),
    (
        Step("who", "Look who that is", "Nothing is changed.", "seconds", _somebody),
        Step(
            "offers",
            "Withdraw offers that are open",
            "No new device gets anything.",
            "seconds",
            _no_offers,
            _withdraw_offers,
        ),
        Step(
            "propose",
            "Propose it, if there are more than one person may change",
            "Nothing is changed yet.",
            "seconds",
            _proposed_if_many,
            lambda scene: propose_once(scene, BULK_CHANGE, _cancel_content(scene), scene.answers["reason"]),
        ),
        Step(
            "cancel",
            "Cancel the licences",
            "For good: devices, agents' mandates and paper codes are refused. Published at moments within six hours.",
            "seconds; six hours",
            _cancelled,
            _cancel,
        ),
    ),
)


def _changes(scene: Scene) -> dict[str, Any]:
    found = json.loads(scene.content("changes"))
    assert isinstance(found, dict), "it was checked"
    return found


def _items(text: str) -> None:
    content = json.loads(durable_files.read(book.file(text), max_bytes=book.MAX_FILE_BYTES))
    if not isinstance(content, dict) or not content:
        raise ValueError("a JSON object with the items that change")


def _other(scene: Scene) -> list[tuple[LicenceRecord, dict[str, Any]]]:
    """The licences in force that say something else, with the items of theirs that change."""
    changes, found = _changes(scene), []
    for each in _licences(scene):
        names = {item.name for item in scene.issuer.kinds[each.vct].items} & changes.keys()
        its = {name: changes[name] for name in names if each.subject.get(name) != changes[name]}
        if its and each.status is Status.VALID:
            found.append((each, its))
    return found


def _suspended(scene: Scene) -> Look:
    held = [each.id for each in _licences(scene) if each.status is Status.SUSPENDED]
    if held:
        why = f"{', '.join(held[:_SOME])} suspended: a new document is no way out of that; decide about it first"
        return Look(False, f"{len(held)} suspended", blocked=why)
    return Look(True, "none is suspended")


def _renewed(scene: Scene) -> Look:
    left = _other(scene)
    return Look(not left, f"{len(left)} licences say something else")


def _renew(scene: Scene) -> str:
    key = holder_keys.read(scene.content("key"))
    durable_files.make_folder(scene.issuer.places.packages, mode=0o700)
    done = []
    for each, its in _other(scene):
        issued = scene.issuer.licence_renewals.renew(
            each.id, its, key, reason=scene.answers["reason"], actor=scene.by, at=scene.now()
        )
        keep_package(issued, None, scene.issuer.places.packages)
        done.append(issued.licence_id)
    return f"packages for the holder's wallet: {', '.join(done)}"


NAME_CHANGED: Final = Runbook(
    "name-changed",
    "A holder's name (or another item) has changed: each of their licences is followed by a new one.",
    (
        NUMBER,
        Question("changes", 'A JSON file with the items that change: {"name": "…"}.', _items, is_file=True),
        Question("key", "A file with the public key of the holder's wallet.", book.file, is_file=True),
        REASON,
    ),
    (
        Step("who", "Look who that is", "Nothing is changed.", "seconds", _somebody),
        Step("suspended", "Look whether one is suspended", "Nothing is changed.", "seconds", _suspended),
        Step(
            "renew",
            "Renew each licence that says something else",
            "The old one is in force until the new one is finished; its mandates and papers end with it.",
            "a second for each licence",
            _renewed,
            _renew,
        ),
    ),
)


def _known(scene: Scene) -> Look:
    try:
        found = scene.issuer.erasing.preview(scene.line("number-file"), after_days=0, at=scene.now())
    except HolderUnknown as error:
        return Look(False, "nobody", blocked=f"{error}: look at the number again")
    held = len(found.erased) + len(found.kept)
    return Look(True, f"{held} licences, {len(found.applications)} applications, {len(found.rows)} rows of imports")


def _exported(scene: Scene) -> Look:
    out = Path(scene.answers["out"])
    return Look(out.is_file(), f"{out.name} {'is there' if out.is_file() else 'is not there yet'}")


def _export(scene: Scene) -> str:
    found = scene.issuer.holders.export(scene.line("number-file"), actor=scene.by, at=scene.now())
    content = json.dumps(found, ensure_ascii=False, indent=2).encode()
    durable_files.write_atomically(Path(scene.answers["out"]), content, mode=durable_files.PRIVATE)
    return f"{sum(map(len, found.values()))} rows of {len(found)} tables"


def _out(text: str) -> None:
    if not Path(text).absolute().parent.is_dir() or Path(text).is_symlink():
        raise ValueError("its folder does not exist")


SUBJECT_ACCESS: Final = Runbook(
    "subject-access",
    "Somebody asks what is held of them (个人信息保护法 article 45).",
    (NUMBER, Question("out", "A new file, for the person alone.", _out, is_output=True)),
    (
        Step("known", "Look what there is", "Nothing is changed.", "seconds; minutes in a large register", _known),
        book.by_hand(
            "identity",
            "Make sure that whoever asks is the person, or may ask for them",
            "Handing it to somebody else is the worst that can happen here.",
            "by hand",
        ),
        Step(
            "export",
            "Write it into a file",
            "That it was asked for stands in the trail.",
            "seconds",
            _exported,
            _export,
        ),
    ),
)


def _foreseen(scene: Scene) -> Erased | None:
    try:
        return scene.issuer.erasing.preview(
            scene.line("number-file"), after_days=book.days(scene.answers["after-days"]), at=scene.now()
        )
    except HolderUnknown:
        return None


def _shown(scene: Scene) -> Look:
    found = _foreseen(scene)
    if found is None and not scene.is_resumed:
        return Look(False, "nobody", blocked="nothing here has this holder's number: look at the number again")
    if found is None:
        return Look(True, "nothing here has this number any more")
    named = f"; other people's licences that name them stay: {', '.join(found.named_in)}" if found.named_in else ""
    return Look(True, f"{len(found.erased)} licences go, {len(found.kept)} are in force or ended too lately{named}")


def _left(found: Erased | None) -> int:
    if found is None:
        return 0
    return len(found.erased) + len(found.offers) + len(found.applications) + len(found.rows) + found.uploads


def _erase_needs_two(scene: Scene, found: Erased) -> bool:
    left = scene.issuer.alone.left(found.erased, actor=scene.by, at=scene.now())
    return len(found.erased) > left.licences


def _erase_content(scene: Scene) -> Any:
    return scene.issuer.erasing.content(
        scene.line("number-file"), after_days=book.days(scene.answers["after-days"]), at=scene.now()
    )


def _erase_proposed(scene: Scene) -> Look:
    found = _foreseen(scene)
    if found is None or not _erase_needs_two(scene, found):
        return Look(True, "one person may")
    is_waiting = waiting(scene, ERASE, _erase_content(scene))
    scene.proposal = scene.proposal if is_waiting is None else is_waiting.id
    return Look(is_waiting is not None, f"{len(found.erased)} licences take a second person")


def _erased(scene: Scene) -> Look:
    left = _left(_foreseen(scene))
    return Look(left == 0, f"{left} things to be erased")


def _erase(scene: Scene) -> str:
    found = _foreseen(scene)
    if found is not None and _erase_needs_two(scene, found):
        said = scene.approve()
        scene.issuer.erasing.again(actor=scene.by, at=scene.now())
        return said
    done = scene.issuer.erasing.erase(
        scene.line("number-file"),
        after_days=book.days(scene.answers["after-days"]),
        actor=scene.by,
        reason=scene.answers["reason"],
        at=scene.now(),
    )
    return f"{_left(done)} erased"


def _logged(scene: Scene) -> Look:
    behind = scene.issuer.erasure_log.is_behind()
    return Look(not behind, "the log of erasures is behind" if behind else "the log of erasures has it")


def _log(scene: Scene) -> str:
    scene.issuer.erasing.again(actor=scene.by, at=scene.now())
    return "written"


SUBJECT_DELETION: Final = Runbook(
    "subject-deletion",
    "Somebody wants erased what is held of them (个人信息保护法 article 47).",
    (NUMBER, Question("after-days", "How long what has ended is kept: 0 to 36600 days.", book.days), REASON),
    (
        book.by_hand(
            "identity",
            "Make sure that whoever asks is the person, or may ask for them",
            "What is erased does not come back.",
            "by hand",
        ),
        Step("show", "Look what would go and what stays", "Nothing is changed.", "seconds; minutes", _shown),
        Step(
            "propose",
            "Propose it, if there is more than one person may erase",
            "Nothing is changed yet.",
            "seconds",
            _erase_proposed,
            lambda scene: propose_once(scene, ERASE, _erase_content(scene), scene.answers["reason"]),
        ),
        Step(
            "erase",
            "Erase it",
            "Offers and applications end; ids, statuses and the trail stay. Backups keep it until they end.",
            "seconds; the size of the file on SQLite",
            _erased,
            _erase,
        ),
        Step(
            "log", "Write the log of erasures", "A restored backup is erased again from it.", "seconds", _logged, _log
        ),
    ),
)
