"""Key bindings: a wallet signs none that a terminal would refuse for its form."""

import pytest

from protocol.errors import KeyBindingClaimError, ProtocolError, TimeOrderError, TimeTypeError
from protocol.sd_cwt import key_binding
from protocol.sd_cwt.key_binding import KeyBinding
from protocol.unixtime import UnixTime
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
