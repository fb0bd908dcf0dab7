"""Step 10, the moments: the presentation's window, technical and legal dates, the clock, the ages of what is known.

Refuse on evidence, hold on ignorance: where the terminal's own clock may be what is wrong, the finding is W_CLOCK and
never a refusal. Not handled here: the relations between both tokens that need no clock (`key_binding`).
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from protocol import limits, unixtime
from protocol.errors import Code
from protocol.labels import Lic
from protocol.sd_cwt.credential import CredentialClaims
from protocol.sd_cwt.key_binding import KeyBinding
from protocol.unixtime import DAY, Seconds, UnixTime
from verifier_terminal.appraisal import gates
from verifier_terminal.appraisal.context import ClockReading, Context
from verifier_terminal.appraisal.items import Items
from verifier_terminal.appraisal.verdict import Ages, Finding, Tier

NEAR_EXPIRY: Final = Seconds(30 * DAY)

_CLOCK_MAY_BE_WRONG: Final = Finding(Code.W_CLOCK, Tier.HOLD)


def against_signed_moments(clock: ClockReading, newest: UnixTime) -> ClockReading:
    """The reading, not plausible any more if it stands before a signed moment that the terminal holds."""
    if clock.at + clock.uncertainty + limits.CLOCK_SKEW < newest:
        return replace(clock, plausible=False)
    return clock


def is_trusted(clock: ClockReading) -> bool:
    """Whether the clock is good enough to refuse by a date (TERMINAL.md, "Modifiers")."""
    return clock.plausible and clock.uncertainty <= gates.CLOCK_UNCERTAINTY


def an_answer_is_better(clock: ClockReading) -> bool:
    """Whether an open code can be no more than "check" by this clock, and the answer to a challenge can."""
    return clock.plausible and not is_trusted(clock)


def _beyond_doubt(seconds_outside: int, clock: ClockReading) -> bool:
    return is_trusted(clock) or (clock.plausible and seconds_outside > clock.uncertainty)


def presentation_window(shown: KeyBinding, clock: ClockReading) -> Iterator[Finding]:
    """exp ≤ iat + 120 s; iat ≤ now + 30 s; now ≤ exp + 30 s.

    With a nonce it is the nonce that tells freshness: ten minutes of difference say only that the phone's clock is off.
    """
    if shown.exp - shown.iat > limits.MAX_KBT_LIFE:
        yield gates.finding(Code.E_KBT_LIFE)
    skew = limits.CLOCK_SKEW if shown.cnonce is None else limits.CHALLENGED_SKEW
    for apart, code in ((clock.at - shown.exp, Code.E_KBT_STALE), (shown.iat - clock.at, Code.E_KBT_FUTURE)):
        if apart > skew:
            if _beyond_doubt(apart - skew, clock):
                yield gates.finding(code)
            elif shown.cnonce is None or not clock.plausible:
                yield _CLOCK_MAY_BE_WRONG
        elif apart > limits.CLOCK_SKEW and is_trusted(clock):
            yield gates.finding(Code.W_PHONE_CLOCK)


def technical_dates(credential: CredentialClaims, clock: ClockReading) -> Iterator[Finding]:
    """nbf ≤ now < exp of the credential. The honest holder only has to refresh the wallet: a hold, never red."""
    if clock.at < credential.nbf:
        yield gates.finding(Code.W_CRED_NOT_YET)
    if clock.at >= credential.exp:
        yield gates.finding(Code.W_CRED_EXPIRED)


def legal_dates(items: Items, clock: ClockReading) -> Iterator[Finding]:
    """`lic` 6 and 7 where disclosed: local days; the last one ends at the midnight that follows it.

    Where they are not disclosed the technical dates stand for them: nbf is never before, exp never after the legal
    ones (CONTRACTS.md, "Labels and types").
    """
    try:
        begin = _day(items, Lic.VALID_FROM)
        last = _day(items, Lic.VALID_TO)
        not_yet = begin is not None and clock.at < unixtime.local_midnight(begin)
        left = None if last is None else unixtime.end_of_local_day(last) - clock.at
    except ValueError:
        yield gates.finding(Code.E_SCHEMA)
        return
    if not_yet:
        yield gates.finding(Code.E_LIC_NOT_YET) if is_trusted(clock) else _CLOCK_MAY_BE_WRONG
    if left is not None and left <= 0:
        yield gates.finding(Code.E_LIC_EXPIRED) if is_trusted(clock) else _CLOCK_MAY_BE_WRONG
    elif left is not None and left <= NEAR_EXPIRY:
        yield gates.finding(Code.W_NEAR_EXPIRY)


def doubtful_dates(credential: CredentialClaims, items: Items, clock: ClockReading) -> Iterator[Finding]:
    """Without a trusted clock the dates must hold over the whole of its uncertainty.

    A nonce tells that a presentation is fresh. It does not tell the date, by which licences begin and end.
    """
    for moved in (-clock.uncertainty, clock.uncertainty):
        end = replace(clock, at=UnixTime(clock.at + moved))
        if any(
            each.tier is not Tier.INFORMATION for each in (*technical_dates(credential, end), *legal_dates(items, end))
        ):
            yield _CLOCK_MAY_BE_WRONG


def _day(items: Items, key: Lic) -> int | None:
    if key not in items:
        return None
    value = items[key]
    # The catalogue's check says the same where it knows the kind; here nothing depends on that.
    if type(value) is not int or not 0 < value <= 99991231:
        raise ValueError("not a day")
    return value


def estimated_skew(shown: KeyBinding, clock: ClockReading) -> Seconds | None:
    """Phone clock minus terminal clock: at least this much, if the code was live on a phone when it was read.

    A live code is between 0 s and one redraw old; what lies outside is the clocks'. A code from long ago is rather an
    old picture than a slow clock, so that nothing is said then.
    """
    if not is_trusted(clock):
        return None
    ahead = shown.iat - clock.at
    if ahead > 0:
        return Seconds(ahead)
    behind = -ahead - limits.REDRAW_EVERY
    if behind <= 0:
        return Seconds(0)
    return Seconds(-behind) if behind <= limits.CHALLENGED_SKEW else None


def age(at: UnixTime, since: UnixTime) -> Seconds:
    """Never negative: a document from the future is the clock's fault, and the clock has its own finding."""
    return Seconds(max(0, at - since))


def oldest_status(context: Context) -> UnixTime | None:
    """The moment of the oldest status data that are held: how things stand where no licence names a list of its own."""
    return None if context.knowledge is None else context.knowledge.status.oldest()


def ages(context: Context, *, status_as_of: UnixTime | None) -> Ages:
    """How old everything is that this appraisal rests on."""
    knowledge, at = context.knowledge, context.clock.at
    return Ages(
        trust=None if knowledge is None else age(at, knowledge.trust.iat),
        status=None if status_as_of is None else age(at, status_as_of),
        policy=None if knowledge is None else age(at, knowledge.policy.iat),
        clock=context.clock.confirmed_age,
    )
