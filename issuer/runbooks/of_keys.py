"""Runbooks about keys: one that was stolen, a token that is lost, keys whose time is nearly over."""

from collections.abc import Mapping
from typing import Any, Final

from issuer.approvals.register import Proposal, State
from issuer.errors import IssuerError
from issuer.feed import bans, dangerous
from issuer.feed.ceremonies import Ceremonies
from issuer.keys.records import USES, WORDS, KeyRecord
from issuer.runbooks import book
from issuer.runbooks.book import Look, Question, Runbook, Scene, Step
from issuer.runbooks.errors import RunbookStopped
from protocol import unixtime
from protocol.labels import KeyUse
from protocol.unixtime import DAY, HOUR, Seconds, UnixTime

_TEST: Final = b"liangzheng: does this key still answer?"
REASON: Final = Question("reason", "Why; 1 to 200 characters, kept in the trail.", book.words)


def waiting(scene: Scene, what: str, content: Mapping[str, Any]) -> Proposal | None:
    """The proposal of exactly this that waits: one that an interrupted run has made, too."""
    for each in scene.issuer.approvals.listed(decided_too=False, at=scene.now()):
        if each.what == what and each.state is State.PROPOSED and dict(each.content) == dict(content):
            return each
    return None


def propose_once(scene: Scene, what: str, content: Mapping[str, Any], reason: str) -> str:
    """Propose it, unless that was done. Raises: as proposing."""
    found = waiting(scene, what, content)
    if found is None:
        found = scene.issuer.approvals.propose(what, content, reason=reason, by=scene.by, at=scene.now())
    scene.proposal = found.id
    return f"proposal {found.id}"


def _kid(text: str) -> bytes:
    found = bytes.fromhex(text)
    if len(found) != 8:
        raise ValueError("a kid is 16 hexadecimal digits")
    return found


def _key(scene: Scene) -> KeyRecord:
    wanted = _kid(scene.answers["kid"])
    for each in scene.issuer.keys.listed():
        if each.kid == wanted:
            return each
    raise RunbookStopped("no key of this issuer has this kid", hint="Look at `liangzheng issuer key list DIR`.")


def _ban(scene: Scene) -> Mapping[str, Any]:
    iss = scene.issuer.profile.iss
    return dangerous.ban_content(scene.answers["kid"].lower(), iss=iss, since=book.moment(scene.answers["since"]))


def _known(scene: Scene) -> Look:
    key = _key(scene)
    if key.use is KeyUse.STATUS:
        return Look(False, "the status key", blocked="exchange it by `liangzheng issuer feed epoch DIR`")
    state = key.state(scene.now(), kept=scene.issuer.keys.kept)
    return Look(True, f"{WORDS[key.use]} key, {state}, given for {key.given} licences")


def _stopped(scene: Scene) -> Look:
    key = _key(scene)
    return Look(scene.now() >= key.sign_until, f"signs until {unixtime.iso_local(key.sign_until)}")


def _stop(scene: Scene) -> str:
    changed = scene.issuer.keys.stop(
        scene.answers["kid"], reason=scene.answers["reason"], actor=scene.by, at=scene.now()
    )
    return f"it signs no more; {len(changed.published)} other key(s) published"


def _proposed(scene: Scene) -> Look:
    if _key(scene).banned_since is not None:
        return Look(True, "it is banned already")
    found = waiting(scene, dangerous.BAN_KEY, _ban(scene))
    scene.proposal = scene.proposal if found is None else found.id
    return Look(found is not None, "proposed" if found else "nobody has proposed the ban")


def _banned(scene: Scene) -> Look:
    since = _key(scene).banned_since
    return Look(since is not None, "not banned yet" if since is None else f"banned from {unixtime.iso_local(since)} on")


def _published(scene: Scene) -> Look:
    kid = _kid(scene.answers["kid"])
    if not any(each.kid == kid for each in bans.listed(scene.issuer.register)):
        return Look(False, "no ban stands in the register")
    acts = [each for each in scene.issuer.audit.listed(search=kid.hex()) if each.act == "ban-key"]
    iat = Ceremonies(scene.issuer.feed, iss=scene.issuer.profile.iss).status(at=scene.now()).iat
    return Look(not acts or iat >= acts[0].at, f"the newest checkpoint is of {unixtime.iso_local(iat)}")


def _publish(scene: Scene) -> str:
    scene.issuer.publish(at=scene.now())
    return "published"


def _resigned(scene: Scene) -> Look:
    left = scene.issuer.keys.resigning.left(_kid(scene.answers["kid"]), at=scene.now())
    return Look(left == 0, f"{left} devices hold honest licences by this key alone")


def _resign(scene: Scene) -> str:
    signed, passed_over = 0, tuple[str, ...]()
    kid = _kid(scene.answers["kid"])
    for each in scene.issuer.keys.resigning.run(kid, later=False, actor=scene.by, at=scene.now()):
        signed, passed_over = each.signed, each.passed_over
    return f"{signed} signed again, passed over: {', '.join(passed_over) or 'none'}"


def _later(scene: Scene) -> Look:
    left = scene.issuer.keys.resigning.left(_kid(scene.answers["kid"]), at=scene.now(), later=True)
    if left == 0:
        return Look(True, "nothing that the log has since then rests on it")
    why = f"the log has {left} devices since the ban's moment: look at each, `issuer key resign DIR KID --later`"
    return Look(False, f"{left} devices", blocked=why)


def _dropped(scene: Scene) -> Look:
    gone = _key(scene).dropped_at
    return Look(gone is not None, "in the trust list" if gone is None else "not in the trust list any more")


def _drop(scene: Scene) -> str:
    scene.issuer.keys.drop(scene.answers["kid"], actor=scene.by, at=scene.now())
    return "taken out"


KEY_STOLEN: Final = Runbook(
    "key-stolen",
    "Somebody else has, or may have, a key that signs licences, papers, mandates or certificates.",
    (
        Question("kid", "Which key: 16 hexadecimal digits, as `key list` has them.", _kid),
        Question("since", "From when on it may have been in wrong hands: 2026-11-22T08:00:00.", book.moment),
        REASON,
    ),
    (
        Step("known", "Look the key up", "Nothing is changed.", "seconds", _known),
        Step(
            "stop",
            "Stop the key; another one signs in its place",
            "What it signed stays good until the ban. Terminals that are offline refuse the new key until they poll.",
            "seconds",
            _stopped,
            _stop,
        ),
        Step(
            "propose",
            "Propose its ban",
            "Nothing is refused yet.",
            "seconds",
            _proposed,
            lambda scene: propose_once(scene, dangerous.BAN_KEY, _ban(scene), scene.answers["reason"]),
        ),
        Step(
            "approve",
            "A second person approves the ban",
            "What the key signed since that moment is refused everywhere; what claims to be older a clerk checks.",
            "as long as it takes to fetch somebody",
            _banned,
            lambda scene: scene.approve(),
        ),
        Step(
            "publish",
            "Publish it",
            "Terminals have it with their next poll.",
            "seconds; a minute",
            _published,
            _publish,
        ),
        Step(
            "resign",
            "Sign again what the log has from before",
            "Holders get theirs when their wallets refresh; until then a clerk checks them.",
            "a million licences in about half an hour to some hours",
            _resigned,
            _resign,
        ),
        Step("later", "Look at what the log has since", "What is honest of it is yours to say.", "by hand", _later),
        Step(
            "drop",
            "Take the key out of the trust list",
            "Whatever it signed is refused: also where a wallet has not refreshed. Wait with it for some days.",
            "seconds",
            _dropped,
            _drop,
        ),
    ),
    touches_keys=True,
)


def _answering(scene: Scene) -> tuple[list[str], list[str]]:
    """The uses whose keys that sign now answer, and those whose keys do not."""
    good, bad = list[str](), list[str]()
    for word, signer in scene.issuer.signing_now(at=scene.now()):
        try:
            signer.sign(_TEST)
        except IssuerError:
            bad.append(word)
        else:
            good.append(word)
    return good, bad


def _answers(scene: Scene) -> Look:
    if scene.issuer.profile.token is None:
        return Look(False, "the keys lie in keys.box", blocked="this issuer has no token")
    good, bad = _answering(scene)
    return Look(True, f"answer: {', '.join(good) or 'none'}; do not: {', '.join(bad) or 'none'}")


def _root(scene: Scene) -> Look:
    _, bad = _answering(scene)
    if "root" in bad:
        return Look(
            False,
            "the root is gone",
            blocked="the root key was in it: restore the token's backup, or begin a new authority (docs/operations.md)",
        )
    return Look(True, "the root answers")


def _placed(scene: Scene) -> Look:
    if scene.answers["token"] == book.NOTHING:
        _, bad = _answering(scene)
        why = "restore the token's own backup into one with the same label, or answer `token` with another one"
        return Look(not bad, "it answers again" if not bad else "it does not answer", blocked=why if bad else None)
    place = scene.issuer.profile.token
    there = f"{place.module},{place.label}" if place is not None else ""
    return Look(there == scene.answers["token"], f"new keys are made in {there or 'keys.box'}")


def _place(scene: Scene) -> str:
    scene.close()
    return scene.opens.token(scene.folder, scene.answers["token"])


def _rotated(scene: Scene) -> Look:
    _, bad = _answering(scene)
    left = [each for each in bad if each not in ("root", "status")]
    return Look(not left, f"keys that do not answer: {', '.join(left) or 'none'}")


def _rotate_dead(scene: Scene) -> str:
    _, bad = _answering(scene)
    uses = [each for each in bad if each not in ("root", "status")]
    for each in uses:
        _rotate_each(scene, USES[each], Seconds(0))
    return f"new keys for {', '.join(uses)}"


def _rotate_each(scene: Scene, use: KeyUse, ahead: Seconds) -> None:
    at = scene.now()
    mine = [each for each in scene.issuer.keys.listed() if each.use is use and at < each.sign_until]
    for department in sorted({each.department for each in mine}) or [""]:
        scene.issuer.keys.rotate(use, department=department, ahead=ahead, actor=scene.by, at=at)


def _status_answers(scene: Scene) -> Look:
    _, bad = _answering(scene)
    return Look("status" not in bad, "the status key does not answer" if "status" in bad else "the status key answers")


def new_status_key(scene: Scene) -> str:
    """A new status key, and the feed's next epoch under it."""
    scene.close()
    scene.opens.new_status_key(scene.folder)
    # Twice: tokens that the old key had signed are forgotten when the epoch begins.
    scene.issuer.publish(at=scene.now())
    scene.issuer.publish(at=scene.now())
    return "a new status key, and a new epoch"


TOKEN_LOST: Final = Runbook(
    "token-lost",
    "The token (HSM) with the keys is lost or broken.",
    (
        Question(
            "token",
            "Where new keys are made: MODULE,LABEL of another token; - if its backup comes into one of the same label.",
            lambda text: None if text == book.NOTHING or text.count(",") == 1 else _not("MODULE,LABEL, or -"),
        ),
    ),
    (
        Step("look", "Ask every key that signs now", "Nothing is changed.", "seconds for each key", _answers),
        Step("root", "Look whether the root is there", "Without it nothing is published.", "seconds", _root),
        Step(
            "place",
            "Let new keys be made in the other token",
            "Keys of the lost one sign nothing more; what they signed stays good.",
            "seconds",
            _placed,
            _place,
        ),
        Step(
            "status",
            "A new status key and a new epoch (stop the service before)",
            "Terminals go on by themselves as soon as they have the new trust list.",
            "seconds; a minute with a large register",
            _status_answers,
            new_status_key,
        ),
        Step(
            "rotate",
            "New keys for every use that does not answer",
            "They sign at once: terminals that are offline refuse them until they poll.",
            "a second for each key",
            _rotated,
            _rotate_dead,
        ),
    ),
    touches_keys=True,
)


def _not(expected: str) -> None:
    raise ValueError(f"not {expected}")


def _ending(scene: Scene) -> list[KeyUse]:
    """The uses of which some department's last key ends within the days that were answered."""
    at, within = scene.now(), book.days(scene.answers["days"]) * DAY
    last: dict[tuple[KeyUse, str], UnixTime] = {}
    for each in scene.issuer.keys.listed():
        if each.banned_since is None and each.dropped_at is None:
            owner = (each.use, each.department)
            last[owner] = max(last.get(owner, UnixTime(0)), each.sign_until)
    # What ended long ago belongs to a department that was retired.
    gone = {(use, name) for (use, name), until in last.items() if name and until <= at}
    return sorted({use for (use, name), until in last.items() if until < at + within and (use, name) not in gone})


def _none_ends(scene: Scene) -> Look:
    left = [each for each in _ending(scene) if each is not KeyUse.STATUS]
    return Look(not left, f"end soon: {', '.join(WORDS[each] for each in left) or 'none'}")


def _rotate_ending(scene: Scene) -> str:
    ending = [each for each in _ending(scene) if each is not KeyUse.STATUS]
    for each in ending:
        _rotate_each(scene, each, Seconds(24 * HOUR))
    return f"rotated: {', '.join(WORDS[each] for each in ending)}"


def _status_lasts(scene: Scene) -> Look:
    ends = KeyUse.STATUS in _ending(scene)
    return Look(not ends, "the status key ends soon" if ends else "the status key does not end soon")


KEYS_END: Final = Runbook(
    "keys-end",
    "Keys sign for two years at most, and some of them end soon.",
    (Question("days", "Within how many days: 60 is a good number.", book.days),),
    (
        Step(
            "rotate",
            "A next key for each use whose last one ends soon",
            "They are published now and sign in 24 hours; then the old ones end, whose licences stay good.",
            "a second for each key",
            _none_ends,
            _rotate_ending,
        ),
        Step(
            "status",
            "A new status key and a new epoch (stop the service before)",
            "Terminals go on by themselves as soon as they have the new trust list.",
            "seconds",
            _status_lasts,
            new_status_key,
        ),
    ),
    touches_keys=True,
)
