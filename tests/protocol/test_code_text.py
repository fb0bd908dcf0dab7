"""The text of a code: base45 (RFC 9285) and prefixes."""

import pytest

from protocol import limits
from protocol.errors import Base45Error, PrefixError, SizeError
from protocol.qr import base45, envelope
from tests.utopia.randomness import Drbg

RFC_9285 = {"BB8": b"AB", "%69 VD92EX0": b"Hello!!", "UJCLQE7W581": b"base-45", "QED8WEX0": b"ietf!", "": b""}


@pytest.mark.parametrize(("text", "content"), RFC_9285.items())
def test_examples_of_the_rfc(text: str, content: bytes) -> None:
    assert base45.encode(content) == text
    assert base45.decode(text) == content


def test_all_values_of_one_and_two_bytes() -> None:
    texts = {base45.encode(value.to_bytes(2)) for value in range(2**16)}
    assert len(texts) == 2**16
    assert all(base45.decode(base45.encode(value.to_bytes(2))) == value.to_bytes(2) for value in range(2**16))
    assert all(base45.decode(base45.encode(value.to_bytes(1))) == value.to_bytes(1) for value in range(2**8))


def test_every_text_of_three_is_the_one_form_of_two_bytes_or_refused() -> None:
    alphabet = base45.ALPHABET.decode()
    accepted = 0
    for third in alphabet[-20:]:  # the last digit decides: beyond 32 every group overflows
        for second in alphabet:
            for first in alphabet:
                text = first + second + third
                try:
                    content = base45.decode(text)
                except Base45Error:
                    continue
                accepted += 1
                assert base45.encode(content) == text
    # c + 45 d + 2025 e ≤ 65535 for e from 25 to 32.
    assert accepted == 65_536 - 25 * 2_025


def test_every_text_of_two_is_the_one_form_of_a_byte_or_refused() -> None:
    accepted = 0
    for second in base45.ALPHABET.decode():
        for first in base45.ALPHABET.decode():
            try:
                content = base45.decode(first + second)
            except Base45Error:
                continue
            accepted += 1
            assert base45.encode(content) == first + second
    assert accepted == 256


@pytest.mark.parametrize(
    "text", ["A", "ABCD", "bb8", "BB8\n", "\nBB8", "BB8 \n", "B_8", "ＢＢ８", "\udc00", "GGW", ":::", "::", "BB8\0"]
)
def test_what_is_refused(text: str) -> None:
    with pytest.raises(Base45Error):
        base45.decode(text)


def test_a_space_is_a_digit_and_is_not_stripped() -> None:
    assert base45.decode(" 00") == (36).to_bytes(2)


def test_largest_code() -> None:
    text = envelope.wrap(Drbg("largest")(limits.MAX_CODE_BYTES))
    # Version 25-L carries 1,853 alphanumeric characters.
    assert len(text) <= 1_853
    assert envelope.unwrap(text)
    with pytest.raises(SizeError):
        envelope.wrap(bytes(limits.MAX_CODE_BYTES + 1))


def test_length_is_bounded_after_the_prefix() -> None:
    room = limits.MAX_TEXT_CHARACTERS - 4
    envelope.unwrap("LZ1:" + "0" * (room - room % 3))
    with pytest.raises(SizeError):
        envelope.unwrap("LZ1:" + "0" * (room + 1))
    with pytest.raises(PrefixError):
        envelope.unwrap("https://" + "0" * 2**20)


@pytest.mark.parametrize("prefix", sorted(envelope.PREFIXES))
def test_each_prefix_is_read_only_where_it_is_expected(prefix: str) -> None:
    text = envelope.wrap(b"AB", prefix)
    assert text == prefix + "BB8"
    for expected in envelope.PREFIXES:
        if expected == prefix:
            assert envelope.unwrap(text, expected_prefix=expected) == b"AB"
        else:
            with pytest.raises(PrefixError):
                envelope.unwrap(text, expected_prefix=expected)
