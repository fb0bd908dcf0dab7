"""A window of 乌有市 and what it knows: everything good, each field open to be changed by a test."""

from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from protocol import keys, status_list
from protocol.appraisal_policy import PolicyRow
from protocol.labels import Lic, Purpose
from protocol.licence.catalogue import Item, ItemType, Kind, Names, RiskClass, Single
from protocol.unixtime import DAY, Seconds, UnixTime
from revocation.coverage import StatusSnapshot
from tests.utopia import acts
from tests.utopia.kinds import DRIVING_LICENCE, driving_licence_items
from tests.utopia.world import WUYOU, ZIXU, Issued, World
from verifier_terminal.appraisal.appraise import appraise
from verifier_terminal.appraisal.context import ClockReading, Context, EarlierUse, Face, Knowledge, OpenRequest
from verifier_terminal.appraisal.verdict import Verdict

SHOWN = (Lic.NAME, Lic.LICENCE_NO)
TOGETHER = (Lic.NAME, Lic.LICENCE_NO, Lic.CITIZEN_ID)
IDENTIFIER_ITEM = Item(
    int(Lic.IDENTIFIER), "identifier", ItemType.IDENTIFIER, 240, False, Names("标识", "標識", "identifier"), Single()
)


@dataclass
class Uses:
    """A replay memory that remembers these uses."""

    remembered: dict[bytes, EarlierUse] = field(default_factory=dict)

    def earlier_use(self, replay_key: bytes) -> EarlierUse | None:
        return self.remembered.get(replay_key)


class BrokenMemory:
    """A replay memory whose disk is gone."""

    def earlier_use(self, replay_key: bytes) -> EarlierUse | None:
        raise OSError("no disk")


@cache
def good_knowledge() -> Knowledge:
    """What the world's terminals hold; frozen, so that one serves every test."""
    world = World()
    return replace(world.knowledge(), trust=world.trust((*world.anchors(), *acts.anchors(world))))


class Terminal:
    """Holds a world and builds one context; `with_…` change what a test is about."""

    def __init__(self) -> None:
        self.world = World()
        self.clock = ClockReading(UnixTime(self.world.clock.at), Seconds(1), Seconds(60), True)
        self.face = Face(Purpose.WINDOW, WUYOU, attended=True, face_compared=True)
        self.replay: Uses | BrokenMemory = Uses()
        self.knowledge: Knowledge | None = good_knowledge()
        self.requests: tuple[OpenRequest, ...] = ()
        self.audiences: frozenset[str] = frozenset()

    @property
    def at(self) -> UnixTime:
        return self.clock.at

    @property
    def held(self) -> Knowledge:
        assert self.knowledge is not None
        return self.knowledge

    def context(self) -> Context:
        return Context(self.face, self.clock, self.knowledge, self.replay, "7K3-Q42", self.requests, self.audiences)

    def appraise(self, text: str | None = None) -> Verdict:
        return appraise(self.code() if text is None else text, self.context())

    def ask(self, request: OpenRequest | None = None) -> OpenRequest:
        """Opens a request at this place; without one, a challenge for name and numbers."""
        opened = request or acts.challenge(purpose=self.face.purpose)
        self.requests = (*self.requests, opened)
        return opened

    def answer(self, request: OpenRequest, issued: Issued | None = None, **changes: Any) -> bytes:
        """The bytes of a good answer to this request, or of one that differs in these fields of the key binding."""
        shown = changes.pop("shown", SHOWN)
        made = self.world.key_binding(**{**acts.answering(request), **changes})
        return self.world.presentation(issued or self.world.credential(), shown=shown, binding=made)

    def bundle(self, *licences: Issued, shown: tuple[int, ...] = TOGETHER, **binding: Any) -> str:
        """The text of a bundle of these licences."""
        binding.setdefault("purpose", self.face.purpose)
        made = self.world.key_binding(**binding)
        return acts.bundle_text(self.world.presentation(each, shown=shown, binding=made) for each in licences)

    def code(self, issued: Issued | None = None, *, shown: tuple[int, ...] = SHOWN, **binding: object) -> str:
        binding.setdefault("purpose", self.face.purpose)
        made = self.world.key_binding(**binding)  # type: ignore[arg-type]  # fields of key_binding, checked there
        return self.world.code(issued, shown=shown, binding=made)

    def licence(self, **fields: object) -> Issued:
        """A driving licence with items changed by their lower-case names (`valid_to=20250101`)."""
        changed = {int(Lic[name.upper()]): value for name, value in fields.items()}
        return self.world.credential(items={**driving_licence_items(), **changed})  # type: ignore[arg-type]

    def foreign_licence(self) -> Issued:
        return self.world.credential(region=ZIXU)

    def stated(self, **fields: object) -> Issued:
        """A driving licence whose credential differs in these claims."""
        holder = self.world.holder()
        claims = self.world.claims(holder=holder, **fields)  # type: ignore[arg-type]  # checked there
        return self.world.credential(holder=holder, claims=claims)

    def at_place(self, purpose: Purpose, *, attended: bool = True, face_compared: bool = True) -> None:
        self.face = Face(purpose, WUYOU, attended, face_compared)

    def set_clock(self, **fields: object) -> None:
        self.clock = replace(self.clock, **fields)  # type: ignore[arg-type]

    def set_row(self, vct: int = DRIVING_LICENCE, **fields: object) -> None:
        """Changes the policy row of this place."""
        policy = self.held.policy
        key = (vct, self.face.purpose)
        row: PolicyRow = replace(policy.rows[key], **fields)  # type: ignore[arg-type]
        self.knowledge = replace(self.held, policy=replace(policy, rows={**policy.rows, key: row}))

    def set_policy(self, **fields: object) -> None:
        self.knowledge = replace(self.held, policy=replace(self.held.policy, **fields))  # type: ignore[arg-type]

    def set_trust(self, **fields: object) -> None:
        self.knowledge = replace(self.held, trust=replace(self.held.trust, **fields))  # type: ignore[arg-type]

    def set_kind(self, vct: int = DRIVING_LICENCE, **fields: object) -> None:
        catalogue = self.held.catalogue
        kind: Kind = replace(catalogue.kinds[vct], **fields)  # type: ignore[arg-type]
        self.knowledge = replace(self.held, catalogue=replace(catalogue, kinds={**catalogue.kinds, vct: kind}))

    def set_risk(self, risk: RiskClass) -> None:
        self.set_kind(risk=risk)

    def set_status(self, value: int = 0, *, age: int = 60, idx: int = 4711) -> None:
        """One entry of list 3 of both regions, in lists of this age."""
        as_of = UnixTime(self.world.clock.at - age)
        entries = status_list.pack({idx: value}, entries=8192)
        lists = {uri: replace(token, iat=as_of, entries=entries) for uri, token in self.held.status.lists.items()}
        self.knowledge = replace(self.held, status=StatusSnapshot(lists))

    def trust_is_late_by(self, seconds: int) -> None:
        """The trust list's exp lies this long in the past; its anchors stay good."""
        exp = UnixTime(self.at - seconds)
        self.set_trust(iat=UnixTime(exp - 30 * DAY), exp=exp)

    def forged_by(self, issued: Issued, name: str) -> Issued:
        """The same licence whose holder is somebody else's phone."""
        stranger = self.world.holder(name)
        assert keys.kid_of(stranger.public_key) != keys.kid_of(issued.holder.public_key)
        return replace(issued, holder=stranger)
