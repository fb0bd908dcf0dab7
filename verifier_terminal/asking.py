"""What the terminal asks of holders: challenges (LC1) and short codes, opened here and kept in the request book.

    kinds and items → within certificate and policy? → nonce and sealing key → signed request → book → text to show

Guaranteed: nothing is asked for beyond what the region certified and what the signed policy of this purpose allows; a
request never outlives its certificate. Not handled here: showing it, and what an answer is worth.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from protocol import challenge, limits, sealing, short_code
from protocol.appraisal_policy import AppraisalPolicy
from protocol.challenge import CNONCE_BYTES, Request
from protocol.errors import Code, ProtocolError
from protocol.keys import Signer
from protocol.labels import PREFIX_CHALLENGE, Lic, Purpose
from protocol.qr import envelope
from protocol.short_code import NONCES, SITE_CHARACTERS, ShortCode
from protocol.terminal_certificate import Items, TerminalCertificate
from protocol.unixtime import UnixTime
from verifier_terminal.appraisal.context import OpenRequest
from verifier_terminal.appraisal.verdict import Verdict
from verifier_terminal.certification import WORDS, Certification
from verifier_terminal.errors import CertificateUnusable, NoSite, RequestRefused
from verifier_terminal.request_book import Closed, Entry, RequestBook

_REGION_DIGITS: Final = 6
_SITE_AUDIENCE: Final = "lz:s/"
_DRAWS: Final = 16


@dataclass(frozen=True, slots=True)
class Askable:
    """Of one kind: the items that are asked for without further words, and the most that may be."""

    usual: frozenset[int]
    maximum: frozenset[int]


@dataclass(frozen=True, slots=True)
class OpenedRequest:
    """What is shown to the holder.

    Attributes:
        number: names the request inside this session.
        text: of the QR code ("LC1:…"), or the short code as it is read out ("ABCD-EFGHJK").
        is_short: a short code; it asks for no certain items.
        purpose: what for.
        reason: what the holder reads; None for a short code.
        wanted: kinds and items.
        seconds_left: until it is over.
    """

    number: int
    text: str
    is_short: bool
    purpose: Purpose
    reason: str | None
    wanted: Items
    seconds_left: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What an answer did to the book: the request that it burnt, without its key, and what has ended."""

    entry: Entry | None
    closed: tuple[Closed, ...]


def askable(policy: AppraisalPolicy, certificate: TerminalCertificate, purpose: Purpose) -> Mapping[int, Askable]:
    """The kinds that may be asked for here, in the order of their numbers."""
    certified = certificate.maxima.get(purpose, {})
    found: dict[int, Askable] = {}
    for vct in sorted(certified):
        # Whose licence will answer is not known yet: nobody is asked for more than a holder of this region.
        row = policy.row(vct, purpose, certificate.iss[:_REGION_DIGITS])
        if row is None:
            continue
        maximum = row.maximum & certified[vct]
        # Where a person compares, the portrait is what is compared with; an optional "no" still refuses nobody.
        portrait = frozenset({Lic.PORTRAIT_SHA256}) if row.person_check else frozenset()
        usual = (row.mandatory | portrait) & maximum
        if maximum:
            found[vct] = Askable(usual or maximum, maximum)
    return found


class Asking:
    """The requests of one session. `now` is the clock that only counts, `at` the one on the wall."""

    def __init__(self, purpose: Purpose, site: str, *, random_bytes: Callable[[int], bytes]) -> None:
        """Nothing is open.

        Args:
            purpose: What the terminal was set up for.
            site: Four characters; empty: none.
            random_bytes: For nonces and sealing keys.
        """
        self._purpose = purpose
        self._site = site
        self._random_bytes = random_bytes
        self._book = RequestBook()

    def open_challenge(
        self,
        wanted: Items,
        reason: str,
        *,
        certification: Certification,
        signer: Signer,
        policy: AppraisalPolicy,
        at: UnixTime,
        now: float,
    ) -> OpenedRequest:
        """Asks for these items of these kinds.

        Raises:
            CertificateUnusable: There is no good certificate.
            RequestRefused: It goes beyond certificate or policy, has no proper reason, or does not fit one code.
            TooManyRequests: Close one first.
        """
        certificate = certification.certificate
        if certification.trouble is not None or certificate is None or certification.encoded is None:
            raise CertificateUnusable(WORDS[certification.trouble] if certification.trouble else "")
        allowed = askable(policy, certificate, self._purpose)
        for vct, items in wanted.items():
            if vct not in allowed:
                raise RequestRefused(f"kind {vct} is not asked for at this terminal")
            if not items <= allowed[vct].maximum:
                raise RequestRefused(f"more of kind {vct} than certificate and policy allow")
        private = self._random_bytes(sealing.KEY_BYTES)
        exp = UnixTime(min(at + limits.MAX_CHALLENGE_LIFE, certificate.exp))
        try:
            asked = Request(
                purpose=self._purpose,
                reason=reason,
                wanted=wanted,
                nonce=self._random_bytes(limits.CHALLENGE_NONCE_BYTES),
                sealing_key=sealing.sealing_key(private),
                iat=at,
                exp=exp,
            )
            encoded = challenge.build(asked, certificate=certification.encoded, signer=signer)
            text = envelope.wrap(encoded, PREFIX_CHALLENGE)
        except ProtocolError as refused:
            raise RequestRefused(str(refused)) from refused
        digest = challenge.challenge_digest(encoded)
        request = OpenRequest(certificate.audience, digest[:CNONCE_BYTES], self._purpose, wanted, private, digest)
        return self._opened(self._book.add(request, text=text, reason=reason, life=float(exp - at), now=now), now)

    def open_short_code(self, *, now: float) -> OpenedRequest:
        """A code to be typed into a phone that scans nothing.

        Raises:
            NoSite: The terminal belongs to none.
            TooManyRequests: Close one first.
        """
        if not self._site:
            raise NoSite
        code = self._drawn(short_code.decode_site(self._site))
        characters = short_code.encode(code)
        request = OpenRequest(code.audience, code.cnonce, self._purpose, {}, None, None)
        text = f"{characters[:SITE_CHARACTERS]}-{characters[SITE_CHARACTERS:]}"
        life = float(limits.MAX_CHALLENGE_LIFE)
        return self._opened(self._book.add(request, text=text, reason=None, life=life, now=now), now)

    def opened(self, *, now: float) -> tuple[OpenedRequest, ...]:
        """What is open, the oldest first; call `forget_over` before."""
        return tuple(self._opened(entry, now) for entry in self._book.entries())

    def requests(self) -> tuple[OpenRequest, ...]:
        """What an appraisal may know."""
        return self._book.requests()

    def forget_over(self, now: float) -> tuple[Closed, ...]:
        """Closes what is over."""
        return self._book.forget_over(now)

    def cancel(self, number: int) -> Closed:
        """Closes a request that nobody wants any more. Raises: UnknownRequest."""
        return self._book.cancel(number)

    def heard(self, verdict: Verdict) -> Answer:
        """Burns the request that this verdict says was answered, or counts a wrong answer to a short code."""
        if verdict.answered is not None:
            burnt = self._book.answered(verdict.answered)
            return Answer(None, ()) if burnt is None else Answer(burnt[0], (burnt[1],))
        audience = _guessed_at(verdict)
        return Answer(None, () if audience is None else self._book.wrong_answer(audience))

    def _drawn(self, site: int) -> ShortCode:
        taken = {request.cnonce for request in self._book.requests()}
        for _ in range(_DRAWS):
            code = ShortCode(site, int.from_bytes(self._random_bytes(4)) % NONCES)
            if code.cnonce not in taken:
                return code
        raise RequestRefused("the random source repeats itself")

    def _opened(self, entry: Entry, now: float) -> OpenedRequest:
        return OpenedRequest(
            number=entry.number,
            text=entry.text,
            is_short=entry.is_short,
            purpose=entry.request.purpose,
            reason=entry.reason,
            wanted=entry.request.wanted,
            seconds_left=entry.seconds_left(now),
        )


def site_audience(site: str) -> str:
    """The aud of every answer to a short code of this site."""
    return f"{_SITE_AUDIENCE}{site}"


def without_key(verdict: Verdict) -> Verdict:
    """The verdict as it may travel: the private key of the request that it answered is used up, and stays nowhere."""
    if verdict.answered is None:
        return verdict
    return replace(
        verdict,
        answered=replace(verdict.answered, sealing_key=None),
        members=tuple(without_key(each) for each in verdict.members),
    )


def _guessed_at(verdict: Verdict) -> str | None:
    """The site whose short code somebody got wrong; a code that was used before is no guess."""
    codes = {finding.code for finding in verdict.findings}
    if Code.E_CNONCE not in codes or Code.E_REPLAY in codes:
        return None
    audiences = (each.audience for each in (verdict, *verdict.members))
    return next((each for each in audiences if each is not None and each.startswith(_SITE_AUDIENCE)), None)
