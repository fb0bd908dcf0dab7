"""What a terminal must say: vectors with everything that its verdict depends on, and our own terminal's answers.

An act is a code (or what frames carried) at a place, with a clock reading, signed documents, status values, open
requests with their private keys, and uses that are remembered: all that `verifier_terminal.appraisal` may know. The
form is described in `tests/vectors/README.md`. Not handled here: reading alone (`reading`), other programs (`program`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from liangzheng.errors import VectorsUnusable
from liangzheng.vectors import folder
from liangzheng.vectors.checking import NOT_READ, REFUSE, Answer
from liangzheng.vectors.folder import Ground, Vector
from liangzheng.vectors.reading import plain
from protocol import appraisal_policy, status_list
from protocol.errors import ProtocolError
from protocol.labels import AnimatedKind, Purpose
from protocol.licence import catalogue
from protocol.status_list import StatusListToken
from protocol.unixtime import DAY, Seconds, UnixTime
from revocation.coverage import StatusSnapshot
from verifier_terminal.appraisal.appraise import appraise, appraise_bytes
from verifier_terminal.appraisal.context import ClockReading, Context, EarlierUse, Face, Knowledge, OpenRequest
from verifier_terminal.appraisal.verdict import Verdict

_PURPOSES: Final = {purpose.word: purpose for purpose in Purpose}
_KINDS: Final = {kind.name.lower(): kind for kind in AnimatedKind}
_CHECK_NUMBER: Final = "000-000"
WINDOW: Final[Mapping[str, Any]] = {
    "place": {"purpose": "window", "region": "990000", "attended": True, "face_compared": True},
    "clock": {"uncertainty": 1, "confirmed_age": 60, "plausible": True},
    "documents": {"catalogue": "documents/catalogue.cbor", "policy": "documents/policy.cbor"},
    "status": {},
    "requests": [],
    "audiences": [],
    "used": [],
}
"""A window without open requests: where the bad presentations of a folder are appraised."""


@dataclass(frozen=True, slots=True)
class Act:
    """One vector for terminals, as its file states it."""

    file: str
    at: UnixTime
    given: Mapping[str, Any]
    expected: Mapping[str, Any]


def load(directory: Path) -> tuple[Act, ...]:
    """The acts that the folder's index names; none where it names none.

    Raises:
        VectorsUnusable: An entry is not as the README says.
    """
    try:
        return tuple(_act(directory, entry) for entry in folder.index_of(directory).get("acts", []))
    except (KeyError, TypeError, ValueError) as failure:
        raise VectorsUnusable(f"{directory}: an act is not as tests/vectors/README.md says ({failure!r})") from failure


def _act(directory: Path, entry: Mapping[str, Any]) -> Act:
    content = folder.json_document(directory, entry["file"])
    given, expected = content["given"], content["expected"]
    if entry["class"] != expected["class"] or entry["codes"] != list(expected["codes"]):
        raise ValueError(f"{entry['file']}: the index expects something else than the file")
    if ("text" in given) is ("hex" in given):
        raise ValueError(f"{entry['file']}: not exactly one of text and hex")
    return Act(entry["file"], UnixTime(content["at"]), given, expected)


class OwnTerminal:
    """The appraisal of this installation, in this process."""

    def __init__(self, ground: Ground, read: Callable[[str], bytes]) -> None:
        """Makes a terminal.

        Args:
            ground: What the folder's vectors are read by.
            read: A document of the folder, by the name that acts give it.
        """
        self._ground = ground
        self._read = read
        self._knowledge = lru_cache(maxsize=32)(self._verified)

    def answer(self, vector: Vector) -> Answer:
        """To a vector for readers: the verdict of a window without open requests."""
        context = self.context(
            {**WINDOW, "status": {"lz:990000/3": {"as_of": vector.at - 60, "size": 8192}}}, vector.at
        )
        verdict = appraise(vector.given.texts[0], context)
        first, *others = (each.code.value for each in verdict.findings) if verdict.findings else ("",)
        word = verdict.verdict_class.value
        return Answer(word if word in (NOT_READ, REFUSE) else "read", first or None, also=tuple(others))

    def verdict(self, act: Act) -> Verdict:
        """Our verdict on an act."""
        context = self.context(act.given, act.at)
        if "text" in act.given:
            return appraise(act.given["text"], context)
        return appraise_bytes(_KINDS[act.given["animated"]], bytes.fromhex(act.given["hex"]), context)

    def answer_act(self, act: Act) -> Mapping[str, Any]:
        """The same in the words that an act expects."""
        return stated(self.verdict(act))

    def context(self, given: Mapping[str, Any], at: UnixTime) -> Context:
        """What the appraisal may know, of what an act states.

        Raises:
            VectorsUnusable: It states something else than the README says.
        """
        try:
            place, clock = given["place"], given["clock"]
            return Context(
                face=Face(
                    _PURPOSES[place["purpose"]], place["region"], bool(place["attended"]), bool(place["face_compared"])
                ),
                clock=ClockReading(
                    at,
                    Seconds(clock["uncertainty"]),
                    None if clock["confirmed_age"] is None else Seconds(clock["confirmed_age"]),
                    bool(clock["plausible"]),
                ),
                knowledge=self._known(given),
                replay=_Used({bytes.fromhex(each) for each in given["used"]}, at),
                check_number=_CHECK_NUMBER,
                requests=tuple(_request(each) for each in given["requests"]),
                audiences=frozenset(given["audiences"]),
            )
        except (KeyError, TypeError, ValueError) as failure:
            raise VectorsUnusable(f"an act's context is not as tests/vectors/README.md says ({failure!r})") from failure

    def _known(self, given: Mapping[str, Any]) -> Knowledge | None:
        documents = given["documents"]
        if documents is None:
            return None
        stated, policy = self._knowledge(documents["catalogue"], documents["policy"])
        metadata = given.get("metadata", {})
        return Knowledge(
            self._ground.trust,
            stated,
            policy,
            StatusSnapshot({uri: _token(uri, said) for uri, said in given["status"].items()}),
            bans={(iss, bytes.fromhex(kid)): UnixTime(since) for iss, kid, since in given.get("bans", ())},
            metadata_late_since=metadata.get("late_since"),
            metadata_behind=metadata.get("behind", {}),
            root_expired_since=metadata.get("root_expired_since"),
        )

    def _verified(
        self, named_catalogue: str, named_policy: str
    ) -> tuple[catalogue.Catalogue, appraisal_policy.AppraisalPolicy]:
        root = self._ground.root
        try:
            return (
                catalogue.verify(self._read(named_catalogue), root=root),
                appraisal_policy.verify(self._read(named_policy), root=root),
            )
        except ProtocolError as failure:
            raise VectorsUnusable(
                f"{named_catalogue} or {named_policy} is refused: {failure.code}: {failure}"
            ) from failure


@dataclass(frozen=True, slots=True)
class _Used:
    """A replay memory that remembers what an act states."""

    keys: set[bytes]
    at: UnixTime

    def earlier_use(self, replay_key: bytes) -> EarlierUse | None:
        return EarlierUse(self.at, here=True) if replay_key in self.keys else None


def _request(stated: Mapping[str, Any]) -> OpenRequest:
    key, digest = stated["sealing_key"], stated["digest"]
    return OpenRequest(
        audience=stated["audience"],
        cnonce=bytes.fromhex(stated["cnonce"]),
        purpose=_PURPOSES[stated["purpose"]],
        wanted={int(vct): frozenset(keys) for vct, keys in stated["wanted"].items()},
        sealing_key=None if key is None else bytes.fromhex(key),
        digest=None if digest is None else bytes.fromhex(digest),
    )


def _token(uri: str, stated: Mapping[str, Any]) -> StatusListToken:
    as_of = UnixTime(stated["as_of"])
    values = {int(idx): value for idx, value in stated.get("values", {}).items()}
    entries = status_list.pack(values, entries=stated["size"])
    return StatusListToken(f"{uri[3:9]}.GA", uri, 1, as_of, UnixTime(as_of + 7 * DAY), Seconds(300), entries)


def stated(verdict: Verdict) -> Mapping[str, Any]:
    """What an act expects of a verdict. A refusal's claims are absent, those of a class are as they may be shown."""
    licence = verdict.licence
    said: dict[str, Any] = {
        "class": verdict.verdict_class.value,
        "proceed": verdict.proceed.value,
        "codes": {each.code.value: each.tier.name.lower() for each in verdict.findings},
        "established": [fact.value for fact in verdict.established],
        "person_check": verdict.person_check,
        "answered_cnonce": None if verdict.answered is None else verdict.answered.cnonce.hex(),
        "used_up": verdict.burn_until is not None,
        "member_verdicts": [stated(each) for each in verdict.members],
    }
    if licence is not None:
        said["licence"] = {
            "kind": licence.slug,
            "region": licence.region,
            "claims": None
            if licence.claims is None
            else {name: plain(value) for name, value in sorted(licence.claims.items())},
            "mandate": None if licence.mandate is None else licence.mandate.level,
            "is_paper": licence.is_paper,
        }
    return said


def faults(act: Act, answered: Mapping[str, Any] | str) -> tuple[str, ...]:
    """Where an answer is another than the expected one; members of it that the answer does not have are not compared.

    Class and codes must always be there. A text instead of an answer says why there is none.
    """
    if isinstance(answered, str):
        return (answered,)
    found = [f"no {name} in the answer" for name in ("class", "codes") if name not in answered]
    for name, value in answered.items():
        if name in act.expected and value != act.expected[name]:
            found.append(f"{name} must be {act.expected[name]!r}, and is {value!r}")
    return tuple(found)
