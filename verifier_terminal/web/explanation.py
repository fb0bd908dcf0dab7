"""How a check was decided, in words, from what the journal holds of it: every numbered check, and what came afterwards.

Pure. Guaranteed: only the rows speak, so that an explanation says the same years later, whatever documents are held
then; a row that somebody changed, or that another version wrote, is said to be unreadable and stops nothing. Rows hold
no values of items, so neither does this. Not handled here: that a reading is written down (the session's).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from protocol import unixtime
from protocol.errors import Code
from protocol.licence.catalogue import Catalogue
from protocol.unixtime import Seconds, UnixTime
from verifier_terminal.appraisal import explain
from verifier_terminal.appraisal.explain import Outcome, Step, TraceLine
from verifier_terminal.appraisal.foreign_codes import NAMES as FOREIGN_NAMES
from verifier_terminal.appraisal.foreign_codes import ForeignCode
from verifier_terminal.appraisal.reasons import Language, Reason
from verifier_terminal.appraisal.verdict import Finding, Verdict, VerdictClass
from verifier_terminal.restored import NOT_READABLE, verdict_of
from verifier_terminal.store.journal import JournalRow, Payload
from verifier_terminal.web.harmless import MAX_NAME_CHARACTERS, shown
from verifier_terminal.web.texts import in_language, known, say
from verifier_terminal.web.views import age_text

_WRITTEN, _SHOWN = 15, 16
_DIGEST_CHARACTERS: Final = 12


@dataclass(frozen=True, slots=True)
class Line:
    """One numbered check: how it ended, which findings it gave (code, grade, words), and what it rested on."""

    number: int
    title: str
    outcome: str
    outcome_words: str
    findings: tuple[tuple[str, str, str], ...]
    rested: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Later:
    """One row that was written about the check afterwards."""

    at: str
    event: str
    words: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything, in one language. Without `lines` the check's row could not be read."""

    check_number: str
    title: str
    verdict_class: VerdictClass | None
    said: tuple[str, ...]
    lines: tuple[Line, ...]
    afterwards: tuple[Later, ...]


def of_rows(rows: Sequence[JournalRow], words: "Words") -> Explanation:
    """What the rows about one check say.

    Args:
        rows: As `Session.explain` gives them: the oldest first, the check's own among them.
        words: The language, and what names kinds and reasons.
    """
    held = [(row.seq, row.payload) for row in rows if row.payload is not None]
    seq, payload = next((seq, payload) for seq, payload in held if payload["event"] == "verdict")
    number = _plain(payload.get("check_number"))
    title = words.say("explain.title", number=number)
    later = tuple(words.later(each) for _, each in held if each is not payload)
    try:
        verdict = verdict_of(payload)
        said, lines = tuple(words.said(payload, verdict)), tuple(words.lines(seq, payload, verdict))
    except NOT_READABLE:
        return Explanation(number, title, None, (words.say("explain.unreadable"),), (), later)
    return Explanation(number, title, verdict.verdict_class, said, lines, later)


@dataclass(frozen=True, slots=True)
class Words:
    """A language, with the names of reasons, kinds and items in it."""

    language: Language
    reasons: Mapping[Code, Reason]
    catalogue: Catalogue | None

    def say(self, key: str, **figures: int | str) -> str:
        """A text with its figures."""
        return say(key, self.language, **figures)

    def said(self, payload: Payload, verdict: Verdict) -> Iterator[str]:
        """What everybody asks first: when, where, which answer, whose hand, which licence."""
        yield self.say(
            "explain.said",
            at=unixtime.iso_local(verdict.at),
            purpose=self.say(f"purpose.{verdict.purpose.word}"),
            word=self.say(f"word.{verdict.verdict_class}"),
            proceed=self.proceed(verdict),
        )
        for name, key in (("by", "explain.by"), ("case", "explain.case"), ("source", "explain.device")):
            if payload.get(name):
                yield self.say(key, **{name: _plain(payload[name])})
        if payload.get("foreign"):
            yield self.say("explain.seems", what=self.foreign(payload["foreign"]))
        for number, each in enumerate(verdict.members, 1):
            if each.licence is not None:
                yield self.say(
                    "explain.member",
                    n=number,
                    kind=self.kind(each.licence.slug),
                    word=self.say(f"word.{each.verdict_class}"),
                )
        for entry in payload.get("members") or (payload,):
            yield from self._licence(entry)

    def _licence(self, entry: Payload) -> Iterator[str]:
        if entry["kind"] is None:
            yield self.say("explain.no_licence")
            return
        yield self.say("explain.licence", kind=self.kind(entry["kind"]), region=_plain(entry["region"]))
        if entry["items"] is not None:
            items = self.items(entry["kind"], entry["items"])
            yield self.say("explain.shown_items", items=items, hidden=entry["hidden_items"])
        if entry.get("mandate") is not None:
            yield self.say("explain.mandate", level=entry["mandate"])

    def lines(self, seq: int, payload: Payload, verdict: Verdict) -> Iterator[Line]:
        """Checks 1 to 16."""
        for line in explain.trace(verdict):
            unknown = self._unknown(payload) if line.step is Step.VERDICT else ()
            yield self._line(
                line.step.value,
                line.outcome,
                (*(self.finding(each) for each in line.findings), *unknown),
                tuple(self._rested(line, payload, verdict)),
            )
        yield self._line(_WRITTEN, Outcome.PASSED, (), (self.say("rested.journal", seq=seq),))
        yield self._line(_SHOWN, Outcome.PASSED, (), (self.say("rested.shown"),))

    def _line(
        self, number: int, outcome: Outcome, findings: tuple[tuple[str, str, str], ...], rested: tuple[str, ...]
    ) -> Line:
        return Line(
            number,
            self.say(f"step.{number}"),
            outcome.value,
            self.say(f"outcome.{outcome.value}"),
            findings,
            rested if outcome is not Outcome.NOT_REACHED else (),
        )

    def finding(self, finding: Finding) -> tuple[str, str, str]:
        """A reason's code, grade and words."""
        text = self.reasons[finding.code].texts(self.language).short
        return finding.code.value, self.say(f"tier.{finding.tier.name.lower()}"), text

    def _unknown(self, payload: Payload) -> tuple[tuple[str, str, str], ...]:
        ours = frozenset(Code)
        return tuple(
            (_plain(code), _plain(tier), self.say("explain.unknown_code"))
            for code, tier in payload["codes"]
            if code not in ours
        )

    def _rested(self, line: TraceLine, payload: Payload, verdict: Verdict) -> Iterator[str]:
        basis = payload.get("basis")
        match line.step:
            case Step.TRUST:
                seq = "?" if basis is None else basis["trust"]
                yield self.say("rested.trust", seq=seq, age=self._age(verdict.ages.trust))
            case Step.MOMENTS:
                at = unixtime.iso_local(verdict.at)
                yield self.say("rested.clock", at=at, age=self._age(verdict.ages.clock))
                if verdict.skew:
                    yield self.say("rested.skew", n=verdict.skew)
            case Step.BINDING:
                yield self.say(f"rested.{payload.get('answered') or 'open'}")
                if verdict.sealed:
                    yield self.say("rested.sealed")
                for use in payload.get("earlier_use") or ():
                    where = "used_here" if use["here"] else "used_elsewhere"
                    yield self.say(f"rested.{where}", n=int(use["age"]))
            case Step.STATUS:
                yield from self._each_licence(payload, verdict, self._status)
            case Step.POLICY:
                seq = "?" if basis is None else basis["policy"]
                yield self.say("rested.policy", seq=seq, age=self._age(verdict.ages.policy))
                yield from self._each_licence(payload, verdict, self._row)
                if verdict.person_check:
                    yield self.say("rested.person")
                if basis is None and verdict.licence is not None:
                    yield self.say("rested.older")
            case Step.VERDICT:
                word = self.say(f"word.{verdict.verdict_class}")
                yield self.say("rested.verdict", word=word, proceed=self.proceed(verdict))
                if verdict.recheck:
                    yield self.say("rested.recheck")
            case _:
                return

    def _each_licence(
        self, payload: Payload, verdict: Verdict, words: Callable[[Verdict, Mapping[str, Any] | None], Iterator[str]]
    ) -> Iterator[str]:
        """The same of every licence; of several each under its name."""
        members = verdict.members or (verdict,)
        basis = payload.get("basis")
        for each, rested in zip(members, (None,) * len(members) if basis is None else basis["licences"], strict=True):
            name = f"{self.kind(each.licence.slug)}: " if each.licence is not None and verdict.members else ""
            yield from (f"{name}{said}" for said in words(each, rested))

    def _status(self, verdict: Verdict, rested: Mapping[str, Any] | None) -> Iterator[str]:
        grade = self.say(f"grade.{verdict.status_grade.name.lower()}")
        yield self.say("rested.status", age=self._age(verdict.ages.status), grade=grade)
        if rested is None:
            return
        if rested["foreign"]:
            yield self.say("rested.foreign")
        if rested["irreversible"]:
            yield self.say("rested.irreversible")
        if not rested["attended"]:
            yield self.say("rested.unattended")
        elif not rested["compared"]:
            yield self.say("rested.not_compared")
        if rested["too_old"]:
            yield self.say("rested.too_old", n=rested["max_status_age"])
        if rested["cell"] is None:
            yield self.say("rested.no_cell")
            return
        yield self.say(
            "rested.cell",
            risk=_plain(rested["risk"]),
            purpose=self.say(f"purpose.{verdict.purpose.word}"),
            column=self.say(f"grade.{'unknown' if rested['too_old'] else rested['column']}"),
            tier=self.say(f"tier.{rested['cell']}"),
        )

    def _row(self, verdict: Verdict, rested: Mapping[str, Any] | None) -> Iterator[str]:
        del verdict
        if rested is not None:
            yield self.say("rested.row" if rested["row"] else "rested.no_row")

    def later(self, payload: Payload) -> Later:
        """One later row in words; what this program does not know is named by its word."""
        event = _plain(payload["event"])
        at = payload.get("at")
        try:
            words = self._later(payload)
        except NOT_READABLE:
            words = self.say("explain.unreadable")
        return Later(unixtime.iso_local(UnixTime(at)) if isinstance(at, int) else "", event, words)

    def _later(self, payload: Payload) -> str:
        match payload["event"]:
            case "recheck":
                return self._recheck(payload)
            case "void":
                return self.say("later.void", reason=shown(payload["reason"]))
            case "person_check":
                return self.say("later.person_matched" if payload["matches"] else "later.person_not_matched")
            case "receipt":
                return self.say("later.receipt", sha256=_plain(payload["sha256"])[:_DIGEST_CHARACTERS])
            case "dispute":
                return self.say("later.dispute", region=_plain(payload["region"]), code=_plain(payload["code"]))
            case "double_show":
                return self.say(
                    "later.double_show", terminal=_plain(payload["terminal"]), number=_plain(payload["other"])
                )
            case "acknowledged":
                return self.say("later.acknowledged")
            case "unreadable":
                return self.say("explain.unreadable")
            case other:
                return self.say("later.other", event=self.event(other))

    def _recheck(self, payload: Payload) -> str:
        answer = self.say(f"answer.{payload['answer']}")
        if payload.get("valid_at") is None or payload.get("as_of") is None:
            return self.say("later.recheck_plain", answer=answer)
        moments = (unixtime.iso_local(UnixTime(payload[each])) for each in ("valid_at", "as_of"))
        since, by = moments
        said = self.say("later.recheck", answer=answer, **{"from": since, "to": by})
        return f"{said} {self.say('later.recheck_before')}" if payload.get("before_check") else said

    def event(self, word: str) -> str:
        """What a row of the journal is called."""
        return self.say(f"event.{word}") if known(f"event.{word}") else _plain(word)

    def kind(self, slug: str) -> str:
        """A kind's name, or its slug where the catalogue has none."""
        found = self.catalogue.named(slug) if self.catalogue else None
        return in_language(found.names, self.language) if found else _plain(slug)

    def items(self, slug: str, names: Sequence[str]) -> str:
        """Names of items, separated."""
        found = self.catalogue.named(slug) if self.catalogue else None
        said = []
        for name in names:
            item = found.item_named(name) if found else None
            said.append(in_language(item.labels, self.language) if item else _plain(name))
        return ", ".join(said) if self.language is Language.EN else "、".join(said)

    def proceed(self, verdict: Verdict) -> str:
        """Whether the act may go on."""
        return self.say(f"proceed.{verdict.verdict_class}_{verdict.proceed}")

    def _age(self, age: Seconds | None) -> str:
        return self.say("rested.age_none") if age is None else age_text(age, self.language)

    def foreign(self, slug: str | None) -> str:
        """What a code that is not ours seemed to be; nothing for one of ours."""
        if slug is None:
            return ""
        named = {each.value: each for each in ForeignCode}.get(slug)
        return in_language(FOREIGN_NAMES[named], self.language) if named else _plain(slug)


def _plain(text: object) -> str:
    return shown(str(text), max_characters=MAX_NAME_CHARACTERS)
