"""A counter for an app's tests: it asks by challenge, reads codes, and checks what a wallet can get wrong.

It checks both signatures, the disclosed items, audience, moments and whether a code was shown before. It is no
verifier: it knows no policy, no status, and no region but the test issuer's. For a verdict take a terminal. One reading
in twenty does not succeed at the first try, as with a shaking hand.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from protocol import cbor, challenge, labels, limits, sealing, terminal_certificate
from protocol.challenge import Request
from protocol.directory import WalletDirectory
from protocol.errors import Code, ProtocolError
from protocol.keys import Ed25519Signer
from protocol.labels import Purpose
from protocol.qr import bundle, envelope
from protocol.sd_cwt import key_binding
from protocol.sd_cwt.key_binding import Presentation, UnverifiedPresentation
from protocol.terminal_certificate import TerminalCertificate
from protocol.unixtime import DAY, HOUR, UnixTime
from wallet_sdk.testing.chance import Chance
from wallet_sdk.testing.issuer import TestIssuer

TERMINAL: Final = "990000-TEST"


class _Refused(ProtocolError):
    """By a check of the counter itself."""

    def __init__(self, code: Code) -> None:
        self.code = code  # type: ignore[misc]  # of the instance, where the protocol's refusals have one of the class
        super().__init__(code)


class NotRead(Exception):
    """The picture was not read; hold it there a little longer. Nothing was decided."""


@dataclass(frozen=True, slots=True)
class CounterAnswer:
    """What the counter found.

    Attributes:
        accepted: Everything that it checks holds.
        reason: The protocol's code of the first thing that does not hold, such as `E_KBT_STALE`; empty if all does.
        items: Of each licence, what it was shown: values by item name.
    """

    accepted: bool
    reason: str
    items: tuple[Mapping[str, cbor.Value], ...]


@dataclass(frozen=True, slots=True)
class _Asked:
    cnonce: bytes
    audience: str
    until: UnixTime


@dataclass
class VirtualCounter:
    """See the module.

    Attributes:
        issuer: Whose licences it takes.
        purpose: What it is there for.
        unread: The share of readings that end in `NotRead`.
        seed: The same one gives the same misfortunes.
    """

    issuer: TestIssuer
    purpose: Purpose = Purpose.WINDOW
    unread: float = 0.05
    seed: int = 2
    _chance: Chance = field(init=False, repr=False)
    _seen: set[bytes] = field(default_factory=set, init=False, repr=False)
    _asked: _Asked | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        self._chance = Chance(self.seed)
        self._sealing_key = sha256(b"test sealing").digest()
        self._signer = Ed25519Signer(sha256(b"test terminal").digest())

    def ask(self, wanted: Mapping[str, Iterable[str]], reason: str = "测试办理") -> str:
        """The text of a challenge for these items of these kinds; the wallet's answer is read by `read`."""
        at = self.issuer.clock()
        kinds = {kind.slug: kind for kind in self._directory.kinds.values()}
        asked = {
            kinds[slug].vct: frozenset(item.key for item in kinds[slug].items if item.name in names)
            for slug, names in ((slug, frozenset(names)) for slug, names in wanted.items())
        }
        its_own = TerminalCertificate(
            iss=self.issuer.iss,
            terminal=TERMINAL,
            place="测试大厅一号窗",
            relying_party="测试机关",
            maxima={self.purpose: asked},
            key=self._signer.public_key,
            iat=UnixTime(at - HOUR),
            exp=UnixTime(at - HOUR + 7 * DAY),
        )
        certificate = terminal_certificate.certify(its_own, self.issuer.terminals)
        request = Request(
            purpose=self.purpose,
            reason=reason,
            wanted=asked,
            nonce=self._chance.bytes(limits.CHALLENGE_NONCE_BYTES),
            sealing_key=sealing.sealing_key(self._sealing_key),
            iat=at,
            exp=UnixTime(at + limits.MAX_CHALLENGE_LIFE),
        )
        built = challenge.build(request, certificate=certificate, signer=self._signer)
        self._asked = _Asked(challenge.cnonce_of(built), its_own.audience, request.exp)
        return envelope.wrap(built, labels.PREFIX_CHALLENGE)

    def read(self, text: str) -> CounterAnswer:
        """What a picture says and whether it holds.

        Raises:
            NotRead: The picture was not read.
        """
        if self._chance.strikes(self.unread):
            raise NotRead
        try:
            shown = tuple(self._checked(each) for each in self._members(text))
        except ProtocolError as refused:
            return CounterAnswer(accepted=False, reason=refused.code, items=())
        self._seen |= {each.replay_key for each in shown}
        return CounterAnswer(accepted=True, reason="", items=tuple(map(self._named, shown)))

    @property
    def _directory(self) -> WalletDirectory:
        return self.issuer.directory(self.issuer.clock())

    def _members(self, text: str) -> tuple[UnverifiedPresentation, ...]:
        if text.startswith(labels.PREFIX_SEALED):
            sealed = sealing.parse(envelope.unwrap(text, expected_prefix=labels.PREFIX_SEALED))
            content = sealing.unseal(sealed, private_key=self._sealing_key)
        elif text.startswith(labels.PREFIX_BUNDLE):
            content = envelope.unwrap(text, expected_prefix=labels.PREFIX_BUNDLE)
        else:
            content = envelope.unwrap(text)
        is_one = isinstance(cbor.decode(content), cbor.Tagged)
        return (key_binding.parse(content),) if is_one else bundle.parse(content)

    def _checked(self, unverified: UnverifiedPresentation) -> Presentation:
        if unverified.credential.claims.iss != self.issuer.iss:
            raise _Refused(Code.E_ISSUER_UNKNOWN)
        presented = key_binding.verify(unverified, self.issuer.assertion.public_key)
        key_binding.check_time_relations(presented)
        at, binding = self.issuer.clock(), presented.key_binding
        if binding.iat > at + limits.CLOCK_SKEW:
            raise _Refused(Code.E_KBT_FUTURE)
        if at >= binding.exp + limits.CLOCK_SKEW:
            raise _Refused(Code.E_KBT_STALE)
        if binding.cnonce is not None and (
            self._asked is None or binding.cnonce != self._asked.cnonce or at >= self._asked.until
        ):
            raise _Refused(Code.E_CNONCE)
        expected = self.purpose.audience if binding.cnonce is None or self._asked is None else self._asked.audience
        if binding.aud != expected:
            raise _Refused(Code.E_AUD)
        if presented.replay_key in self._seen:
            raise _Refused(Code.E_REPLAY)
        return presented

    def _named(self, presented: Presentation) -> Mapping[str, cbor.Value]:
        kind = self._directory.kinds[presented.credential.vct]
        groups = (value for key, value in presented.items.items() if key in labels.GROUP_KEYS)
        items = dict(presented.items)
        for group in groups:
            assert isinstance(group, Mapping), "a group is a map of its items"
            items |= {key: value for key, value in group.items() if isinstance(key, int)}
        return {item.name: items[item.key] for item in kind.items if item.key in items}
