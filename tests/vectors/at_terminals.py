"""Acts: codes with everything that a terminal's verdict on them depends on, and the verdict that must follow.

Class and codes of each stand here by hand; everything else of a verdict (claims, members, what was answered) is what
our appraisal says beside them, and `test_acts` holds it against the statements.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from liangzheng.vectors.acts import WINDOW
from protocol import appraisal_policy, keys
from protocol.errors import Code
from protocol.keys import VerificationKey
from protocol.labels import PREFIX_PRESENTATION, Alg, KeyAssurance, Lic, Purpose
from protocol.qr import base45, envelope
from protocol.sd_cwt import credential, key_binding
from protocol.sd_cwt.credential import StatusReference
from protocol.status_list import Status
from protocol.unixtime import DAY, HOUR, UnixTime
from tests.utopia import acts
from tests.utopia.forgeries import FORGERIES, LATER
from tests.utopia.kinds import DRIVING_LICENCE, ID_CARD, driving_licence_items
from tests.utopia.world import BEGINNING, ISSUED_ON, WUYOU, ZIXU, Issued, World
from verifier_terminal.appraisal.context import OpenRequest
from verifier_terminal.appraisal.gates import BUILT_IN, BuiltIn

SHOWN = (Lic.NAME, Lic.LICENCE_NO)
TOGETHER = (*SHOWN, Lic.CITIZEN_ID)
LIST = f"lz:{WUYOU}/3"
OPEN = "W_OPEN_MODE"
_TIERS = {
    BuiltIn.NOT_READ: "none",
    BuiltIn.REFUSE: "contraindicated",
    BuiltIn.HOLD: "hold",
    BuiltIn.INFORMATION: "information",
}


@dataclass(frozen=True, slots=True)
class ActVector:
    """One act before it is written down. `codes` are those of the verdict with their tiers, in no order."""

    name: str
    notes: str
    at: UnixTime
    given: Mapping[str, Any]
    verdict: str
    proceed: str
    codes: Mapping[str, str]


def policies(world: World) -> Mapping[str, bytes]:
    """Policies that differ from the folder's in one thing, by the word that acts name them with."""
    changes: dict[str, dict[str, Any]] = {
        "challenge": {"challenge_required": True},
        "seal": {"seal_required": True},
        "waived": {"link_waived": True},
        "two-holders": {"holders_required": 2},
        "person-check": {"person_check": True},
        "assurance": {"min_assurance": KeyAssurance.HARDWARE_USER_VERIFICATION},
        "irreversible": {"irreversible": True, "person_check": True},
        "police": {"show_under_refusal": True},
    }
    general = {"region-looser": {"challenge_required": True}}
    regional = {"region-stricter": {"challenge_required": True}, "region-looser": {"challenge_required": False}}
    made = {}
    for word, fields in (changes | {"guardian": {"guardian_below": 14}, **regional}).items():
        purposes = [world.policy_row(DRIVING_LICENCE, purpose) for purpose in Purpose]
        if word in regional:
            rows = [replace(row, **general.get(word, {})) for row in purposes]
            rows += [replace(row, **fields, only_for=WUYOU) for row in purposes]
        else:
            rows = [replace(row, **fields) for row in purposes]
        signed = appraisal_policy.sign(world.policy(rows), world.roots[WUYOU])
        made[f"policy-{word}.cbor"] = signed
    return made


def request(opened: OpenRequest) -> dict[str, Any]:
    """An open request as an act states it."""
    return {
        "audience": opened.audience,
        "cnonce": opened.cnonce.hex(),
        "purpose": opened.purpose.word,
        "wanted": {str(vct): sorted(keys_of_kind) for vct, keys_of_kind in opened.wanted.items()},
        "sealing_key": None if opened.sealing_key is None else opened.sealing_key.hex(),
        "digest": None if opened.digest is None else opened.digest.hex(),
    }


class _Place:
    """Where acts happen: a window of 乌有市 at the beginning, unless an act says otherwise."""

    def __init__(self, world: World) -> None:
        self.world = world

    def act(
        self,
        name: str,
        notes: str,
        code: str | Mapping[str, str],
        verdict: str,
        *codes: str | tuple[str, str],
        proceed: str | None = None,
        at: int = BEGINNING,
        place: Mapping[str, Any] | None = None,
        clock: Mapping[str, Any] | None = None,
        status: Mapping[str, Any] | None = None,
        values: Mapping[int, int] | None = None,
        age: int = 60,
        requests: tuple[OpenRequest, ...] = (),
        policy: str | None = None,
        documents: Mapping[str, str] | None = WINDOW["documents"],
        **further: Any,
    ) -> ActVector:
        lists = {
            "as_of": BEGINNING - age,
            "size": 8192,
            "values": {str(idx): value for idx, value in (values or {}).items()},
        }
        given = {
            **WINDOW,
            "place": {**WINDOW["place"], **(place or {})},
            "clock": {**WINDOW["clock"], **(clock or {})},
            "status": {LIST: lists, f"lz:{ZIXU}/3": lists} if status is None else status,
            "requests": [request(each) for each in requests],
            "documents": documents
            if policy is None
            else {**WINDOW["documents"], "policy": f"documents/policy-{policy}.cbor"},
            **further,
            **({"text": code} if isinstance(code, str) else code),
        }
        named = dict(each if isinstance(each, tuple) else (each, _TIERS[BUILT_IN[Code(each)]]) for each in codes)
        may = {"accept": "yes", "check": "after_check" if "hold" not in named.values() else "no"}.get(verdict, "no")
        return ActVector(name, notes, UnixTime(at), given, verdict, proceed or may, named)

    def shown(self, issued: Issued | None = None, *, shown: tuple[int, ...] = SHOWN, **binding: Any) -> bytes:
        made = self.world.key_binding(**binding)
        return self.world.presentation(issued or self.world.credential(), shown=shown, binding=made)

    def code(self, issued: Issued | None = None, **fields: Any) -> str:
        return PREFIX_PRESENTATION + base45.encode(self.shown(issued, **fields))

    def bundle(self, *licences: Issued, **binding: Any) -> str:
        return acts.bundle_text(self.shown(each, shown=TOGETHER, **binding) for each in licences)


KIOSK = {"purpose": "kiosk", "attended": False, "face_compared": False}


def vectors(world: World) -> Iterator[ActVector]:
    """All acts."""
    place = _Place(world)
    yield from _answers(place)
    yield from _seals(place)
    yield from _clocks(place)
    yield from _statuses(place)
    yield from _bans(place)
    yield from _metadata(place)
    yield from _demands(place)
    yield from _bundles(place)
    yield from _mandates(place)
    yield from _papers(place)
    yield from _guardians(place)
    yield from _regional_rows(place)
    yield from _forged(place)


def _answers(place: _Place) -> Iterator[ActVector]:
    act, code = place.act, place.code
    asked, short = acts.challenge(), acts.short_code()
    answer, typed = code(**acts.answering(asked)), code(**acts.answering(short))
    yield act("open", "no request, no answer", code(), "accept", OPEN)
    yield act("answer-to-a-challenge", "aud and cnonce are the request's", answer, "accept", requests=(asked,))
    yield act("answer-to-a-short-code", "four bytes of nonce", typed, "accept", requests=(short,))
    yield act(
        "answer-after-the-request-was-burnt",
        "the terminal knows its names, so it is late and not elsewhere's",
        answer,
        "refuse",
        "E_CNONCE",
        audiences=[acts.TERMINAL],
    )
    yield act(
        "answer-for-another-terminal",
        "made for terminal A, shown at B",
        code(**acts.answering(acts.challenge("a", audience="lz:t/A"))),
        "refuse",
        "E_AUD",
        "E_CNONCE",
        requests=(acts.challenge("b", audience="lz:t/B"),),
    )
    yield act(
        "answer-to-another-request",
        "purpose A was shown to the holder and claims B are asked later: cnonce is the hash of the whole request",
        code(**acts.answering(acts.challenge("name alone"))),
        "refuse",
        "E_CNONCE",
        requests=(acts.challenge("name and number"),),
    )
    yield act(
        "answer-to-a-request-of-another-purpose",
        "asked at the roadside, shown at a window",
        code(**acts.answering(acts.challenge(purpose=Purpose.ROADSIDE))),
        "refuse",
        "E_AUD",
        "E_CNONCE",
        requests=(acts.challenge(purpose=Purpose.ROADSIDE),),
    )
    yield act(
        "short-code-that-was-not-given",
        "guessed, or dictated by telephone after it was burnt",
        code(aud=acts.SITE, cnonce=bytes(4)),
        "refuse",
        "E_CNONCE",
        requests=(short,),
    )
    yield act("for-the-police-at-a-window", "purpose", code(purpose=Purpose.ROADSIDE), "refuse", "E_AUD", OPEN)
    yield act(
        "asked-for-less-than-shown",
        "undemanded items are dropped before the verdict",
        code(shown=(*TOGETHER, Lic.ADDRESS), **acts.answering(asked)),
        "accept",
        requests=(asked,),
    )
    yield act(
        "another-kind-than-asked-for",
        "the request names what is needed",
        answer,
        "check",
        "W_CLAIM_MISSING",
        requests=(replace(asked, wanted={ID_CARD: frozenset({1})}),),
    )
    kiosk = {"place": KIOSK}
    yield act(
        "open-at-a-kiosk",
        "above class L, whatever policy says",
        code(purpose=Purpose.KIOSK),
        "refuse",
        "E_CHALLENGE_REQUIRED",
        **kiosk,
    )
    at_kiosk = acts.challenge(purpose=Purpose.KIOSK)
    yield act("answer-at-a-kiosk", "challenged", answer, "accept", requests=(at_kiosk,), **kiosk)
    yield act("open-where-policy-demands-a-challenge", "", code(), "refuse", "E_CHALLENGE_REQUIRED", policy="challenge")
    used = sha256_of_presentation(place.shown())
    yield act("used-before", "its replay key is remembered", code(), "refuse", "E_REPLAY", OPEN, used=[used])
    yield act("another-one-used-before", "a replay key of another code", code(), "accept", OPEN, used=["00" * 32])


def sha256_of_presentation(encoded: bytes) -> str:
    """The replay key."""
    return sha256(key_binding.parse(encoded).sign1.sig_structure()).hexdigest()


def _seals(place: _Place) -> Iterator[ActVector]:
    act = place.act
    asked, other = acts.challenge(), acts.challenge("other")
    answer = place.shown(**acts.answering(asked))
    sealed = acts.seal(answer, asked)
    yield act("sealed", "to the key of the request that it answers", sealed, "accept", requests=(asked,))
    yield act("sealed-to-no-open-request", "the request is over", sealed, "refuse", "E_SEAL_OPEN", requests=(other,))
    yield act(
        "sealed-to-one-and-answering-another",
        "anybody can seal",
        acts.seal(answer, other),
        "refuse",
        "E_CNONCE",
        requests=(asked, other),
    )
    yield act(
        "sealed-open-code",
        "sealing makes no answer of it",
        acts.seal(place.shown(), asked),
        "refuse",
        "E_AUD",
        "E_CNONCE",
        requests=(asked,),
    )
    seal_demanded: dict[str, Any] = {"policy": "seal", "requests": (asked,)}
    yield act("sealed-where-policy-demands-it", "", sealed, "accept", **seal_demanded)
    yield act(
        "unsealed-where-policy-demands-a-seal",
        "answered, and readable for everybody",
        envelope.wrap(answer),
        "refuse",
        "E_SEAL_REQUIRED",
        **seal_demanded,
    )
    members = acts.bundle_bytes(
        place.shown(acts.licence(place.world, idx), shown=TOGETHER, **acts.answering(asked)) for idx in (1, 2)
    )
    yield act("sealed-bundle", "two licences in one seal", acts.seal(members, asked), "accept", requests=(asked,))
    many = acts.bundle_bytes(
        place.shown(acts.licence(place.world, idx), shown=TOGETHER, **acts.answering(asked)) for idx in (1, 2, 4)
    )
    frames = {"animated": "sealed", "hex": base45.decode(acts.seal(many, asked)[len(PREFIX_PRESENTATION) :]).hex()}
    yield act("sealed-bundle-by-frames", "three licences, above one code", frames, "accept", requests=(asked,))
    yield act("sealed-by-frames-to-no-open-request", "", frames, "refuse", "E_SEAL_OPEN", requests=(other,))
    forged = place.world.presentation(
        place.world.credential(),
        binding=place.world.key_binding(**acts.answering(asked)),
        signer=place.world.holder("乙的手机"),
    )
    yield act(
        "sealed-and-signed-by-another-phone", "", acts.seal(forged, asked), "refuse", "E_SIG_HOLDER", requests=(asked,)
    )


def _clocks(place: _Place) -> Iterator[ActVector]:
    act, code = place.act, place.code
    asked = acts.challenge()
    for seconds in (-660, 600):
        name = "behind" if seconds < 0 else "ahead"
        yield act(
            f"phone-clock-ten-minutes-{name}",
            "the nonce tells freshness",
            code(iat=BEGINNING + seconds, **acts.answering(asked)),
            "accept",
            "W_PHONE_CLOCK",
            requests=(asked,),
        )
    yield act(
        "phone-clock-eleven-minutes-ahead",
        "",
        code(iat=BEGINNING + 660, **acts.answering(asked)),
        "refuse",
        "E_KBT_FUTURE",
        requests=(asked,),
    )
    doubtful = {"clock": {"uncertainty": 240}}
    yield act("doubtful-clock-at-a-window", "", code(), "check", ("W_CLOCK", "warning"), OPEN, **doubtful)
    yield act(
        "doubtful-clock-at-a-kiosk",
        "the nonce stands for the clock, and the dates hold over the whole uncertainty",
        code(**acts.answering(asked)),
        "accept",
        requests=(acts.challenge(purpose=Purpose.KIOSK),),
        place=KIOSK,
        **doubtful,
    )
    yield act(
        "implausible-clock-at-a-kiosk",
        "nobody knows the date",
        code(**acts.answering(asked)),
        "check",
        ("W_CLOCK", "hold"),
        requests=(acts.challenge(purpose=Purpose.KIOSK),),
        place=KIOSK,
        clock={"plausible": False},
    )
    issued = place.world.credential
    for name, changed, code_name in (
        ("ended", {Lic.VALID_TO: 20261120}, "E_LIC_EXPIRED"),
        ("not-begun", {Lic.VALID_FROM: 20261122}, "E_LIC_NOT_YET"),
        ("near-its-end", {Lic.VALID_TO: 20261201}, "W_NEAR_EXPIRY"),
    ):
        text = code(issued(items={**driving_licence_items(), **changed}))
        verdict = "accept" if code_name.startswith("W_") else "refuse"
        yield act(f"licence-{name}", "by its own dates", text, verdict, code_name, OPEN)
    for name, changes, code_name in (
        ("ended", {"life_days": 20}, "W_CRED_EXPIRED"),
        ("not-begun", {"valid_from": ISSUED_ON}, None),
    ):
        holder = place.world.holder()
        text = code(place.world.credential(holder=holder, claims=place.world.claims(holder=holder, **changes)))
        codes = (OPEN,) if code_name is None else (code_name, OPEN)
        yield act(
            f"credential-{name}", "by its technical dates", text, "accept" if code_name is None else "check", *codes
        )


def _statuses(place: _Place) -> Iterator[ActVector]:
    act, text = place.act, place.code()
    for status, code in (
        (Status.REVOKED, "E_REVOKED"),
        (Status.SUSPENDED, "E_SUSPENDED"),
        (Status.DEVICE_LOST, "E_DEVICE_LOST"),
        (Status.SUPERSEDED, "W_SUPERSEDED"),
        (9, "E_REVOKED"),
    ):
        verdict = "refuse" if code.startswith("E_") else "check"
        yield act(f"status-{int(status)}", "", text, verdict, code, OPEN, values={4711: int(status)})
    yield act(
        "suspended-before-the-police",
        "shown under the refusal",
        text,
        "refuse",
        "E_SUSPENDED",
        OPEN,
        values={4711: int(Status.SUSPENDED)},
        policy="police",
    )
    yield act(
        "status-of-four-days", "class M at a window", text, "check", ("W_STATUS_STALE", "warning"), OPEN, age=4 * DAY
    )
    yield act(
        "status-of-two-hours-at-a-kiosk",
        "",
        place.code(**acts.answering(acts.challenge())),
        "check",
        ("W_STATUS_STALE", "hold"),
        age=2 * HOUR,
        place=KIOSK,
        requests=(acts.challenge(purpose=Purpose.KIOSK),),
    )
    yield act("status-list-not-held", "", text, "check", "W_STATUS_MISSING", OPEN, status={})
    short = {LIST: {"as_of": BEGINNING - 60, "size": 4000, "values": {}}}
    yield act("status-entry-beyond-the-list", "", text, "refuse", "E_STATUS_RANGE", OPEN, status=short)


def _bans(place: _Place) -> Iterator[ActVector]:
    act, world = place.act, place.world
    issued = world.credential()
    signed = issued.claims.iat

    def banned(key: VerificationKey, since: int) -> dict[str, Any]:
        return {"bans": [[world.iss(), keys.kid_of(key).hex(), since]]}

    key = issued.issuer.public_key
    yield act(
        "banned-key", "in the second of the ban", place.code(), "refuse", "E_ISSUER_BANNED", **banned(key, signed)
    )
    yield act(
        "banned-key-signed-before",
        "a moment that its thief may have chosen; whether it was issued stands in a log that is not held",
        place.code(),
        "check",
        "W_ISSUER_BANNED",
        OPEN,
        **banned(key, signed + 1),
    )
    yield act(
        "banned-key-signed-before-and-revoked",
        "what is known is said, whatever else is not",
        place.code(),
        "refuse",
        "E_REVOKED",
        "W_ISSUER_BANNED",
        OPEN,
        values={4711: int(Status.REVOKED)},
        **banned(key, signed + 1),
    )
    yield act(
        "banned-key-of-the-same-issuer",
        "a ban is of one key",
        place.code(),
        "accept",
        OPEN,
        **banned(world.issuers[WUYOU, Alg.ESP256].public_key, signed),
    )
    agent = acts.mandate(world)
    yield act(
        "mandate-by-a-banned-key",
        "a key for mandates is banned like any other",
        place.code(agent),
        "refuse",
        "E_ISSUER_BANNED",
        **banned(agent.issuer.public_key, agent.claims.iat),
    )
    yield act(
        "paper-by-a-banned-key",
        "",
        acts.paper_text(world),
        "refuse",
        "E_ISSUER_BANNED",
        **banned(acts.paper_signer(world).public_key, 0),
    )


def _metadata(place: _Place) -> Iterator[ActVector]:
    act, text = place.act, place.code()
    yield act(
        "metadata-14-days-late",
        "a grade, no cliff",
        text,
        "accept",
        OPEN,
        metadata={"late_since": BEGINNING - 14 * DAY},
    )
    yield act(
        "metadata-a-second-later",
        "",
        text,
        "check",
        ("W_TRUST_STALE", "warning"),
        OPEN,
        metadata={"late_since": BEGINNING - 14 * DAY - 1},
    )
    yield act(
        "metadata-behind-what-a-checkpoint-names",
        "for more than a day: somebody may keep newer ones away",
        text,
        "check",
        ("W_TRUST_STALE", "warning"),
        OPEN,
        metadata={"behind": {WUYOU: BEGINNING - DAY - 1}},
    )
    yield act(
        "metadata-behind-what-another-region-names",
        "a region lowers its own licences alone",
        text,
        "accept",
        OPEN,
        metadata={"behind": {ZIXU: BEGINNING - 400 * DAY}},
    )
    yield act(
        "metadata-whose-root-ended-31-days-ago",
        "never accept",
        text,
        "check",
        ("W_TRUST_STALE", "hold"),
        OPEN,
        metadata={"late_since": BEGINNING - 31 * DAY, "root_expired_since": BEGINNING - 30 * DAY - 1},
    )


def _demands(place: _Place) -> Iterator[ActVector]:
    act, code, world = place.act, place.code, place.world
    yield act(
        "never-provisioned",
        "no trust list, no catalogue, no policy",
        code(),
        "check",
        "W_TRUST_MISSING",
        "W_POLICY_MISSING",
        "W_STATUS_MISSING",
        documents=None,
    )
    late = BEGINNING + 45 * DAY
    yield act(
        "trust-list-15-days-late",
        "and the policy has ended with it",
        code(iat=late),
        "check",
        ("W_TRUST_STALE", "warning"),
        "W_POLICY_MISSING",
        OPEN,
        at=late,
        status={LIST: {"as_of": late - 60, "size": 8192, "values": {}}},
    )
    over = BEGINNING + 401 * DAY
    yield act(
        "issuer-key-that-has-ended",
        "nothing that it signed is relied upon any more",
        code(iat=over),
        "refuse",
        "E_ISSUER_EXPIRED",
        at=over,
        status={LIST: {"as_of": over - 60, "size": 8192, "values": {}}},
    )
    yield act("another-region", "authentic, not recognised here", code(world.credential(region=ZIXU)), "check",
              ("W_REGION", "warning"), OPEN)  # fmt: skip
    yield act("mandatory-item-hidden", "the number", code(shown=(Lic.NAME,)), "check", "W_CLAIM_MISSING", OPEN)
    holder = world.holder()
    weak = world.credential(holder=holder, claims=world.claims(holder=holder, key_assurance=KeyAssurance.OS_KEY_STORE))
    yield act("key-kept-too-badly", "", code(weak), "check", "W_ASSURANCE", OPEN, policy="assurance")
    yield act(
        "person-check", "", code(), "accept", "W_PERSON_CHECK", OPEN, policy="person-check", proceed="after_check"
    )
    yield act(
        "irreversible-without-a-portrait",
        "class X at a window",
        code(),
        "check",
        "W_CLAIM_MISSING",
        "W_PERSON_CHECK",
        OPEN,
        policy="irreversible",
    )
    signer = world.issuers[WUYOU, Alg.ED25519]
    lic: dict[Any, Any] = {
        Lic.NAME: "测试员甲",
        Lic.CLASS: "C1",
        Lic.LICENCE_NO: acts.JIA,
        Lic.VALID_TO: 20320101,
        Lic.IDENTIFIER: "11100000000013338W011.11430000006122244L.20230000403.001.V",
    }
    stated = world.claims(holder=holder)
    encoded = credential.issue(stated, lic, (), signer, kid=keys.kid_of(signer.public_key))
    issued = Issued(encoded, stated, lic, lic, {}, signer, holder)
    yield act(
        "identifier-of-an-older-form",
        "lic 21 whose check does not match",
        code(issued),
        "accept",
        "W_ID_CHECK_LEGACY",
        OPEN,
    )
    unknown = world.claims(holder=holder, vct=ID_CARD)
    card = world.credential(
        holder=holder, claims=unknown, items={Lic.NAME: "测试员甲", Lic.CITIZEN_ID: acts.JIA, Lic.VALID_TO: 20320101}
    )
    yield act(
        "kind-without-a-policy", "never accepted", code(card, shown=(Lic.NAME,)), "check", "W_POLICY_MISSING", OPEN
    )


def _bundles(place: _Place) -> Iterator[ActVector]:
    act, bundle, world = place.act, place.bundle, place.world
    first, second = acts.licence(world, 1), acts.licence(world, 2)
    stranger = acts.licence(world, 3, CITIZEN_ID=acts.YI)
    yield act("bundle-of-one-person", "one citizen number, signed in both", bundle(first, second), "accept", OPEN)
    unlinked = ("W_BUNDLE_UNLINKED", "warning")
    yield act("bundle-of-two-people", "", bundle(first, stranger), "check", unlinked, OPEN)
    yield act("bundle-of-two-people-waived", "", bundle(first, stranger), "accept", OPEN, policy="waived")
    asked = acts.challenge()
    yield act(
        "bundle-of-two-people-unattended",
        "nobody can compare",
        bundle(first, stranger, **acts.answering(asked)),
        "check",
        ("W_BUNDLE_UNLINKED", "hold"),
        requests=(asked,),
        place={"attended": False, "face_compared": False},
    )
    yield act(
        "bundle-with-one-revoked", "the other keeps its class", bundle(first, second), "refuse", "E_REVOKED", OPEN,
        values={2: int(Status.REVOKED)},
    )  # fmt: skip
    used = sha256_of_presentation(place.shown(first, shown=TOGETHER))
    yield act(
        "bundle-with-one-used-before",
        "two licences of one holder in one second are no replay of one another",
        bundle(first, second),
        "refuse",
        "E_REPLAY",
        OPEN,
        used=[used],
    )
    stolen = replace(second, holder=world.holder("丙的手机"))
    yield act("bundle-with-one-stolen", "", bundle(first, stolen), "refuse", "E_SIG_HOLDER", OPEN)
    yield act(
        "bundle-by-frames",
        "three members, too long for one code",
        {"animated": "bundle", "hex": acts.bundle_bytes(
            place.shown(each, shown=TOGETHER) for each in (first, second, acts.licence(world, 4))
        ).hex()},
        "accept",
        OPEN,
    )  # fmt: skip
    yield act(
        "presentation-by-frames",
        "everything disclosed",
        {"animated": "presentation", "hex": place.shown(shown=tuple(Lic)).hex()},
        "accept",
        OPEN,
    )
    his = acts.licence(world, 5, LICENCE_NO="JH-1")
    hers = acts.licence(world, 6, LICENCE_NO="JH-1", CITIZEN_ID=acts.YI, NAME="测试员乙")
    joint = {"policy": "two-holders"}
    yield act("joint-licence-of-both-holders", "linked by the licence", bundle(his, hers), "accept", OPEN, **joint)
    yield act(
        "joint-licence-of-one-holder",
        "",
        place.code(his, shown=TOGETHER),
        "check",
        "W_HOLDERS_MISSING",
        OPEN,
        **joint,
    )
    twice = acts.licence(world, 7, LICENCE_NO="JH-1")
    yield act(
        "joint-licence-of-one-holder-twice",
        "two phones, one person",
        bundle(his, twice),
        "check",
        "W_HOLDERS_MISSING",
        OPEN,
        **joint,
    )


def _mandates(place: _Place) -> Iterator[ActVector]:
    act, world = place.act, place.world
    good = acts.mandate(world)
    yield act("mandate", "an agent within its scope", place.code(good), "accept", OPEN)
    narrow = acts.mandate(world, replace(acts.MANDATE, purposes=frozenset({Purpose.HOTEL})))
    yield act("mandate-for-hotels", "shown at a window", place.code(narrow), "refuse", "E_MANDATE_SCOPE", OPEN)
    ended = acts.mandate(world, life_days=10)
    yield act("mandate-that-has-ended", "", place.code(ended), "refuse", "E_MANDATE_EXPIRED", OPEN)
    yield act(
        "mandate-withdrawn",
        "any status but valid",
        place.code(good),
        "refuse",
        "E_MANDATE_REVOKED",
        OPEN,
        values={99: int(Status.SUSPENDED)},
    )
    portrait = acts.mandate(
        world,
        items={Lic.PORTRAIT_SHA256: bytes(range(32))},
        key_assurance=KeyAssurance.HARDWARE_USER_VERIFICATION,
    )
    yield act(
        "mandate-for-an-irreversible-act",
        "the holder's portrait proves no agent",
        place.code(portrait),
        "check",
        "W_ASSURANCE",
        "W_PERSON_CHECK",
        OPEN,
        policy="irreversible",
    )


def _guardians(place: _Place) -> Iterator[ActVector]:
    """The policy needs a guardian below 14; the day of these acts is 2026-11-21."""
    act, world = place.act, place.world
    # Area 990101, and check characters as GB 11643 computes them.
    child, of_age = "990101201211210019", "990101201211200013"
    guardian = {"policy": "guardian"}
    missing, unknown = ("W_GUARDIAN", "warning"), ("W_AGE_UNKNOWN", "warning")
    for name, number, verdict, codes in (
        ("holder-on-the-fourteenth-birthday", child, "check", (missing, OPEN)),
        ("holder-a-day-after-the-fourteenth-birthday", of_age, "accept", (OPEN,)),
    ):
        text = place.code(acts.licence(world, 8, CITIZEN_ID=number), shown=TOGETHER)
        notes = "full years are counted from the day after the birthday"
        yield act(name, notes, text, verdict, *codes, **guardian)
    yield act("holder-whose-age-is-not-shown", "nobody is taken for grown up", place.code(), "check", unknown, OPEN,
              **guardian)  # fmt: skip
    asked = acts.challenge()
    yield act(
        "child-at-a-kiosk",
        "nobody is there to see a guardian",
        place.code(acts.licence(world, 8, CITIZEN_ID=child), shown=TOGETHER, **acts.answering(asked)),
        "check",
        ("W_GUARDIAN", "hold"),
        requests=(acts.challenge(purpose=Purpose.KIOSK),),
        place=KIOSK,
        **guardian,
    )
    for name, level, verdict, codes in (
        ("child-shown-by-its-guardian", 1, "accept", (OPEN,)),
        ("child-shown-by-an-agent", 3, "check", (missing, OPEN)),
    ):
        shown = acts.mandate(world, replace(acts.MANDATE, level=level), items={Lic.CITIZEN_ID: child})
        yield act(name, f"a mandate of level {level}", place.code(shown), verdict, *codes, **guardian)


def _regional_rows(place: _Place) -> Iterator[ActVector]:
    act, text = place.act, place.code()
    yield act(
        "region-with-a-stricter-row", "the general row asks for no challenge", text, "refuse", "E_CHALLENGE_REQUIRED",
        policy="region-stricter",
    )  # fmt: skip
    yield act(
        "region-with-a-looser-row", "of the two the stricter counts", text, "refuse", "E_CHALLENGE_REQUIRED",
        policy="region-looser",
    )  # fmt: skip
    yield act(
        "another-region-than-the-stricter-rows", "the row is not about it",
        place.code(place.world.credential(region=ZIXU)), "check", ("W_REGION", "warning"), OPEN,
        policy="region-stricter",
    )  # fmt: skip


def _papers(place: _Place) -> Iterator[ActVector]:
    act, world = place.act, place.world
    text = acts.paper_text(world)
    static = ("W_STATIC", "warning")
    yield act("paper", "to be compared with an identity document", text, "check", static, "W_PERSON_CHECK")
    yield act(
        "paper-unattended", "nobody can compare", text, "check", ("W_STATIC", "hold"),
        place={"attended": False, "face_compared": False},
    )  # fmt: skip
    yield act(
        "paper-where-policy-demands-a-challenge", "held, and nobody's fault", text, "check", ("W_STATIC", "hold"),
        "W_PERSON_CHECK", policy="challenge",
    )  # fmt: skip
    yield act(
        "paper-reported-lost", "its own entry", text, "refuse", "E_DEVICE_LOST", static, "W_PERSON_CHECK",
        values={4711: int(Status.DEVICE_LOST)},
    )  # fmt: skip
    iat = UnixTime(BEGINNING - 90 * DAY)
    yield act(
        "paper-that-has-ended",
        "printed anew",
        acts.paper_text(world, iat=iat, exp=BEGINNING),
        "check",
        "W_CRED_EXPIRED",
        static,
        "W_PERSON_CHECK",
    )
    yield act(
        "paper-from-tomorrow",
        "issued after the terminal's moment",
        acts.paper_text(world, iat=UnixTime(BEGINNING + DAY), exp=UnixTime(BEGINNING + 9 * DAY)),
        "check",
        "W_CRED_NOT_YET",
        static,
        "W_PERSON_CHECK",
    )
    yield act(
        "paper-by-a-key-for-credentials",
        "",
        acts.paper_text(world, signer=world.issuers[WUYOU, Alg.ED25519]),
        "refuse",
        "E_ISSUER_UNKNOWN",
    )
    foreign = acts.paper_text(world, status=StatusReference(f"lz:{ZIXU}/3", 1))
    yield act("paper-with-another-regions-list", "", foreign, "refuse", "E_STATUS_URI")


_INSIDE = (
    "tag-head-too-long",
    "later-for-the-police",
    "later-life-of-a-day",
)


def _forged(place: _Place) -> Iterator[ActVector]:
    """Some forgeries of the presentation inside of a bundle: the code is the one that each has alone."""
    by_name = {each.name: each for each in (*FORGERIES, *LATER)}
    for name in _INSIDE:
        forgery = by_name[name]
        content = base45.decode(forgery.make(place.world)[4:])
        members = [place.shown(acts.licence(place.world, 1), shown=TOGETHER), content]
        text = acts.bundle_text(members)
        codes: tuple[str | tuple[str, str], ...] = (forgery.code.value,)
        verdict = "not_read" if forgery.code is Code.E_CBOR else "refuse"
        if name == "later-life-of-a-day":
            codes = (forgery.code.value, ("W_BUNDLE_UNLINKED", "warning"), OPEN)
        yield place.act(f"bundle-with-{name}", f"made by {forgery.attacker}", text, verdict, *codes)
