"""A region that certifies terminals, and holders who answer them: what tests of requests and receipts start from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from protocol import challenge, sealing, terminal_certificate
from protocol.challenge import Challenge
from protocol.keys import Signer, VerificationKey
from protocol.labels import PREFIX_BUNDLE, PREFIX_CHALLENGE, PREFIX_SEALED, Alg, AnimatedKind, KeyUse, Lic, Purpose
from protocol.qr import animated, bundle, envelope
from protocol.sd_cwt.key_binding import KeyBinding
from protocol.short_code import decode
from protocol.terminal_certificate import Items, TerminalCertificate
from protocol.trust_list import TrustAnchor
from protocol.unixtime import DAY, HOUR, UnixTime
from tests.terminal.conftest import Terminal
from tests.terminal.publishing import publish
from tests.utopia.kinds import DRIVING_LICENCE, ID_CARD, driving_licence_items
from tests.utopia.world import BEGINNING, Issued, World
from verifier_terminal.asking import OpenedRequest
from verifier_terminal.identity import Identity
from verifier_terminal.session import Session
from verifier_terminal.sync.mirror import FolderMirror

TERMINAL_NAME = "990000-W07"
WANTED: Items = {DRIVING_LICENCE: frozenset({Lic.NAME, Lic.CLASS, Lic.LICENCE_NO, Lic.VALID_TO})}
REASON = "换领驾驶证"
SHOWN = (Lic.NAME, Lic.LICENCE_NO)


def region_key(world: World) -> Signer:
    """The key by which the region certifies its terminals."""
    return world.signer("terminal key of the region", Alg.ED25519)


def anchor(world: World) -> TrustAnchor:
    """What the trust list says of it."""
    later = UnixTime(BEGINNING + 4_000 * DAY)
    return TrustAnchor(world.iss(), region_key(world).public_key, KeyUse.TERMINAL, frozenset(), (), later, later)


def certificate(
    world: World, key: VerificationKey, *, purposes: Sequence[Purpose] = tuple(Purpose), **changes: object
) -> bytes:
    """A certificate for this key, from an hour ago on, for every kind and item of the world."""
    maxima: Mapping[int, frozenset[int]] = {
        vct: frozenset(item.key for item in kind.items) for vct, kind in world.kinds.items()
    }
    stated = TerminalCertificate(
        iss=world.iss(),
        terminal=TERMINAL_NAME,
        place="乌有市政务大厅7号窗",
        relying_party="乌有市车管所",
        maxima=dict.fromkeys(purposes, maxima),
        key=key,
        iat=UnixTime(world.clock.at - HOUR),
        exp=UnixTime(world.clock.at - HOUR + 7 * DAY),
    )
    return terminal_certificate.certify(replace(stated, **changes), region_key(world))  # type: ignore[arg-type]


def identity(terminal: Terminal) -> Identity:
    """The terminal's own key and certificate, from outside of any session."""
    return Identity(terminal.directory, random_bytes=terminal.world.randomness.fork("identity"))


def trust_bytes(world: World, seq: int = 1) -> bytes:
    """The trust list with the region's key for terminals in it."""
    return world.trust_bytes((*world.anchors(), anchor(world)), seq=seq)


def publish_with_anchor(terminal: Terminal, *, seq: int = 1, **changes: object) -> Path:
    """As `publish`, with a trust list that names the region's key for terminals."""
    folder = publish(terminal.world, terminal.published, seq=seq, **changes)  # type: ignore[arg-type]
    (folder / "trust.cbor").write_bytes(trust_bytes(terminal.world, seq))
    return folder


def certified(terminal: Terminal, **changes: object) -> Session:
    """A provisioned session with a good certificate; `changes` as for `publish`."""
    own = identity(terminal)
    own.install(certificate(terminal.world, own.signer().public_key))
    session = terminal.open()
    assert not session.sync(FolderMirror(publish_with_anchor(terminal, **changes))).refused
    return session


@dataclass(frozen=True)
class Asked:
    """A challenge as a wallet has verified it."""

    challenge: Challenge

    def binding(self, at: int, *, life: int = 60) -> KeyBinding:
        return KeyBinding(self.challenge.certificate.audience, UnixTime(at), UnixTime(at + life), self.challenge.cnonce)


def read_challenge(world: World, opened: OpenedRequest) -> Asked:
    """What a wallet makes of the code on the terminal's screen."""
    encoded = envelope.unwrap(opened.text, expected_prefix=PREFIX_CHALLENGE)
    own = anchor(world)
    return Asked(challenge.verify(encoded, terminal_keys={(own.iss, own.kid): own}, at=world.clock.at))


def seal(world: World, opened: OpenedRequest, plaintext: bytes, name: str = "") -> str:
    """The text of the code that only this request's terminal can read."""
    asked = read_challenge(world, opened).challenge
    ephemeral = world.randomness.fork(f"ephemeral {name} {opened.number}")(32)
    sealed = sealing.seal(plaintext, recipient=asked.request.sealing_key, ephemeral_key=ephemeral)
    return envelope.wrap(sealed, PREFIX_SEALED)


def answer(
    world: World,
    opened: OpenedRequest,
    issued: Issued | None = None,
    *,
    shown: Sequence[int] = SHOWN,
    binding: KeyBinding | None = None,
) -> str:
    """The sealed answer of a holder who agrees."""
    stated = binding or read_challenge(world, opened).binding(world.clock.at)
    return seal(world, opened, world.presentation(issued or world.credential(), shown=shown, binding=stated))


def short_answer(world: World, text: str, issued: Issued | None = None, *, nonce: int | None = None) -> str:
    """The open answer of a holder who typed these ten characters; another nonce is a guess."""
    code = decode(text)
    cnonce = code.cnonce if nonce is None else nonce.to_bytes(4)
    binding = KeyBinding(code.audience, world.clock.at, UnixTime(world.clock.at + 60), cnonce)
    return world.code(issued, shown=SHOWN, binding=binding)


def id_card(world: World) -> Issued:
    """The identity card of the person whose driving licence `world.credential` is."""
    items = driving_licence_items()
    content = {Lic.NAME: items[Lic.NAME], Lic.CITIZEN_ID: items[Lic.CITIZEN_ID], Lic.VALID_TO: 20400101}
    holder = world.holder()
    return world.credential(holder=holder, items=content, claims=world.claims(holder=holder, vct=ID_CARD, idx=4712))


def bundle_text(world: World, second: Issued | None = None, *, binding: KeyBinding | None = None) -> str:
    """Driving licence and identity card (or another licence) of one person in one code, in open mode."""
    return envelope.wrap(members(world, second or id_card(world), binding or world.key_binding()), PREFIX_BUNDLE)


def members(world: World, second: Issued, binding: KeyBinding) -> bytes:
    """The bytes of that bundle."""
    shown = (Lic.NAME, Lic.LICENCE_NO, Lic.CITIZEN_ID)
    of_second = [key for key in shown if key in second.items]
    return bundle.compose(
        [
            world.presentation(world.credential(), shown=shown, binding=binding),
            world.presentation(second, shown=of_second, binding=binding),
        ]
    )


def frames(content: bytes, kind: AnimatedKind, count: int) -> list[str]:
    """The texts of the first frames of an animated code."""
    animation = animated.animate(content, kind)
    return [animation.text(number) for number in range(count)]
