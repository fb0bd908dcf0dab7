"""A presenter's bytes are those of `key_binding.present`; bindings that a reader would refuse are not signed."""

from dataclasses import replace

import pytest

from protocol import cbor
from protocol.errors import KeyBindingClaimError, SignatureForm, TimeOrderError
from protocol.keys import signer_for
from protocol.labels import Alg
from protocol.sd_cwt import credential, key_binding
from protocol.sd_cwt.key_binding import KeyBinding
from protocol.sd_cwt.presenting import Presenter
from protocol.unixtime import UnixTime
from tests.wallet.issued import AT, Authority

OPEN = KeyBinding("lz:w", AT, UnixTime(AT + 60), None)


@pytest.mark.parametrize("alg", Alg)
@pytest.mark.parametrize("some", [0, 1, 3, None])
@pytest.mark.parametrize(
    "binding",
    [
        OPEN,
        replace(OPEN, aud="lz:p", iat=UnixTime(AT + 1), exp=UnixTime(AT + 121)),
        replace(OPEN, aud="lz:t/310000-W07", cnonce=b"\x07" * 16),
        replace(OPEN, aud="lz:s/NF6Y", cnonce=b"\x07" * 4),
    ],
    ids=["open", "later", "challenged", "short code"],
)
def test_the_bytes_are_the_protocols_own(alg: Alg, some: int | None, binding: KeyBinding) -> None:
    signer = signer_for(alg, b"\x0a" * 32)
    issued = Authority().flexible(signer.public_key)
    unverified = credential.parse(cbor.decode(issued))
    disclosures = unverified.encoded_disclosures[:some]
    presenter = Presenter(unverified, disclosures, alg)
    # Signatures are deterministic.
    expected = key_binding.present(issued, disclosures, binding, signer)
    assert presenter.present(binding, signer) == expected
    assert expected == presenter.beginning + presenter.end(binding, signer)
    assert key_binding.parse(expected).key_binding == binding


def test_what_a_reader_would_refuse_is_not_signed() -> None:
    signer = signer_for(Alg.ESP256, b"\x0a" * 32)
    unverified = credential.parse(cbor.decode(Authority().flexible(signer.public_key)))
    presenter = Presenter(unverified, (), Alg.ESP256)
    signed: list[bytes] = []

    class Listening:
        public_key = signer.public_key

        def sign(self, message: bytes) -> bytes:
            signed.append(message)
            return bytes(63)

    for binding, expected in (
        (replace(OPEN, aud="lz:W"), KeyBindingClaimError),
        (replace(OPEN, aud="lz:t/"), KeyBindingClaimError),
        (replace(OPEN, exp=OPEN.iat), TimeOrderError),
    ):
        with pytest.raises(expected):
            presenter.present(binding, Listening())
    assert signed == []
    with pytest.raises(SignatureForm, match="63"):
        presenter.present(OPEN, Listening())
