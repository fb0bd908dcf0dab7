"""Key bindings: none is signed that a terminal would refuse for its form; their moments fit their credential's."""

from dataclasses import replace
from hashlib import sha256

import pytest

from protocol.errors import KeyBindingClaimError, ProtocolError, TimeOrderError, TimeTypeError
from protocol.sd_cwt import key_binding
from protocol.sd_cwt.key_binding import KeyBinding, Presentation
from protocol.unixtime import DAY, UnixTime
from tests.utopia.world import BEGINNING, World

WORLD = World()
ISSUED = WORLD.credential()


def bound(
    aud: str = "lz:w", iat: int = BEGINNING, exp: int = BEGINNING + 60, cnonce: bytes | None = None
) -> KeyBinding:
    return KeyBinding(aud, UnixTime(iat), UnixTime(exp), cnonce)


@pytest.mark.parametrize("binding", [bound(), bound(cnonce=bytes(4)), bound("lz:t/990000-W07", cnonce=bytes(16))])
def test_what_is_bound_is_what_is_read(binding: KeyBinding) -> None:
    assert key_binding.parse(key_binding.present(ISSUED.encoded, (), binding, ISSUED.holder)).key_binding == binding


@pytest.mark.parametrize(
    ("binding", "reason"),
    [
        (bound("lz:W"), KeyBindingClaimError),
        (bound("lz:t/990000-W07"), KeyBindingClaimError),
        (bound(cnonce=bytes(5)), KeyBindingClaimError),
        (bound(exp=BEGINNING), TimeOrderError),
        (bound(iat=-1), TimeTypeError),
    ],
    ids=["audience", "a terminal without its nonce", "nonce", "no time", "before all times"],
)
def test_what_a_terminal_would_refuse_is_not_signed(binding: KeyBinding, reason: type[ProtocolError]) -> None:
    with pytest.raises(reason):
        key_binding.present(ISSUED.encoded, (), binding, ISSUED.holder)


def verified() -> Presentation:
    unverified = key_binding.parse(WORLD.presentation(ISSUED))
    return key_binding.verify(unverified, ISSUED.issuer.public_key)


def test_what_tells_presentations_and_credentials_apart() -> None:
    unverified = key_binding.parse(WORLD.presentation(ISSUED))
    found = key_binding.verify(unverified, ISSUED.issuer.public_key)
    assert found.replay_key == sha256(unverified.sign1.sig_structure()).digest()
    assert found.credential_digest == sha256(unverified.credential.sign1.signature).digest()


@pytest.mark.parametrize(
    ("iat", "nbf", "exp", "holds"),
    [
        (0, 0, 60, True),
        (1, 0, 60, False),
        (0, 1, 60, False),
        (-DAY, -DAY, 60, True),
        (-DAY, -DAY, 59, False),
        (-DAY, -DAY, 1, False),
        (-DAY, -DAY, 0, True),
        (-DAY, -DAY, -1, True),
    ],
)
def test_moments_of_a_presentation_and_its_credential(iat: int, nbf: int, exp: int, holds: bool) -> None:
    """The presentation is of now until 60 s from now. One that is made when its credential had ended is only late."""
    shown = verified()
    assert shown.key_binding == bound()
    moments = {name: UnixTime(BEGINNING + at) for name, at in (("iat", iat), ("nbf", nbf), ("exp", exp))}
    related = replace(shown, credential=replace(shown.credential, **moments))  # type: ignore[arg-type]  # moments
    if holds:
        key_binding.check_time_relations(related)
    else:
        with pytest.raises(TimeOrderError):
            key_binding.check_time_relations(related)
