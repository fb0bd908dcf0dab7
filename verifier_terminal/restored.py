"""The verdict as its journal row tells it, for whoever explains it later.

Pure. Guaranteed: what a row does not hold (claims, keys, index, the moment of an agent's end) is not there either; a
reason that this program does not know is left out. Not handled here: words (`web.explanation`).
"""

from typing import Final

from protocol.errors import Code
from protocol.labels import Purpose
from protocol.unixtime import Seconds, UnixTime
from revocation.freshness import Grade
from verifier_terminal.appraisal.verdict import (
    Ages,
    Fact,
    Finding,
    Form,
    Licence,
    MandateShown,
    Proceed,
    Tier,
    Verdict,
    VerdictClass,
)
from verifier_terminal.store.journal import Payload

NOT_READABLE: Final = (KeyError, TypeError, ValueError, AttributeError, IndexError)
"""What a row raises that somebody changed, or that another version of this program wrote."""
_PURPOSES: Final = {purpose.word: purpose for purpose in Purpose}
_CODES: Final = frozenset(Code)


def verdict_of(payload: Payload) -> Verdict:
    """The verdict as far as its row tells it: no claims, no keys, no index.

    Raises:
        KeyError, TypeError, ValueError: The row is not one that this program could have written.
    """
    ages = payload["ages"]
    return _restored(payload, payload, Seconds(ages["status"]) if ages["status"] is not None else None)


def _restored(payload: Payload, act: Payload, status_age: Seconds | None) -> Verdict:
    """The verdict of an act, or of one of its licences: `act` has what all of them share."""
    established = tuple(Fact(each) for each in payload["established"])
    ages, kind, level = act["ages"], payload["kind"], payload.get("mandate")
    return Verdict(
        verdict_class=VerdictClass(payload["class"]),
        proceed=Proceed(payload["proceed"]),
        established=established,
        not_established=tuple(fact for fact in Fact if fact not in established),
        ages=Ages(ages["trust"], status_age, ages["policy"], ages["clock"]),
        status_grade=Grade[payload["status_grade"].upper()],
        findings=tuple(Finding(Code(code), Tier[tier.upper()]) for code, tier in payload["codes"] if code in _CODES),
        licence=None
        if kind is None
        else Licence(
            vct=0,
            slug=kind,
            region=payload["region"],
            authority="",
            valid_to=None,
            claims=None,
            hidden_items=payload["hidden_items"],
            mandate=None if level is None else MandateShown(level, UnixTime(0)),
        ),
        purpose=_PURPOSES[act["purpose"]],
        person_check=bool(act["person_check"]),
        recheck=bool(payload["recheck"]),
        skew=act.get("skew"),
        replay_key=None,
        credential_digest=None,
        burn_until=None,
        status_reference=None,
        at=UnixTime(act["at"]),
        check_number=act["check_number"],
        form=Form(act.get("form", Form.PRESENTATION)),
        sealed=bool(act.get("sealed")),
        members=tuple(
            _restored(each, act, each.get("status_age", status_age)) for each in payload.get("members") or ()
        ),
    )
