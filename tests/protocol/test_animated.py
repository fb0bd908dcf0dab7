"""Animated codes: losses, repetitions, mixtures and forged frames; what comes out is the whole or nothing."""

from collections.abc import Iterable
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol import labels, limits
from protocol.errors import PrefixError, ProtocolError, SchemaError, ShapeError, SizeError
from protocol.labels import AnimatedKind
from protocol.qr import animated, base45
from protocol.qr.animated import Animation, Assembled, Assembler, Frame, Progress, Schedule, Whole
from tests.utopia.randomness import Drbg


def content_of(length: int, seed: str = "") -> bytes:
    return Drbg(f"whole {length} {seed}")(length)


def animation_of(length: int, seed: str = "", kind: AnimatedKind = AnimatedKind.PORTRAIT) -> Animation:
    return animated.animate(content_of(length, seed), kind)


def frames(animation: Animation, numbers: Iterable[int]) -> list[Frame]:
    return [animated.parse(animation.frame(number)) for number in numbers]


def forged(animation: Animation, index: int, stream: Drbg) -> Frame:
    """A frame with the right digest, length and K, and a symbol of the forger's."""
    return Frame(animation.whole, index, stream(animation.whole.symbol_bytes))


def assembled(assembler: Assembler, shown: Iterable[Frame]) -> tuple[int, bytes] | None:
    """How many frames it took, and what came out."""
    for number, frame in enumerate(shown, 1):
        answer = assembler.add(frame)
        if isinstance(answer, Assembled):
            return number, answer.content
    return None


# Form.


def test_a_frame_is_what_the_contract_says() -> None:
    content = content_of(2_500)
    frame = animated.animate(content, AnimatedKind.PRESENTATION).frame(0)
    assert frame[:8] == sha256(content).digest()[:8]
    assert frame[8:13] == bytes((1, 2_500 >> 8, 2_500 & 255, 9, 0))
    assert frame[13:] == content[:278]


@pytest.mark.parametrize(
    ("length", "version", "count", "size"),
    [
        (1, 11, 1, 1),
        (296, 11, 1, 296),
        (297, 11, 2, 149),
        (2_500, 11, 9, 278),
        (35_000, 11, 119, 295),
        (2_500, 18, 4, 625),
    ],
)
def test_as_few_and_as_small_symbols_as_possible(length: int, version: int, count: int, size: int) -> None:
    whole = animated.animate(content_of(length), AnimatedKind.PORTRAIT, version=version).whole
    assert (whole.count, whole.symbol_bytes) == (count, size)


@pytest.mark.parametrize("version", animated.FRAME_BYTES)
def test_a_frame_fits_the_version_that_it_was_made_for(version: int) -> None:
    capacity = {11: 468, 13: 619, 14: 667, 18: 1_046, 22: 1_460, 25: 1_853}[version]
    text = animated.animate(content_of(30_000), AnimatedKind.PORTRAIT, version=version).text(200)
    assert capacity - 40 < len(text) <= capacity
    assert text.startswith(labels.PREFIX_ANIMATED)


def test_what_cannot_be_animated() -> None:
    for length in (0, limits.MAX_ANIMATED_BYTES + 1):
        with pytest.raises(SizeError):
            animated.animate(bytes(length), AnimatedKind.PORTRAIT)
    with pytest.raises(SizeError):
        animated.animate(b"content", AnimatedKind.PORTRAIT, version=12)
    longest = animated.animate(bytes(limits.MAX_ANIMATED_BYTES), AnimatedKind.PORTRAIT)
    assert animated.parse(longest.frame(255)).whole == longest.whole
    assert longest.whole.count == limits.MAX_ANIMATED_SYMBOLS


def test_frames_go_on_after_the_last_index() -> None:
    animation = animation_of(2_500)
    assert animation.frame(256 + 7) == animation.frame(7)
    assert animated.read(animation.text(300)).index == 300 - 256


GOOD = animation_of(2_500).frame(4)

FORGED: dict[str, tuple[bytes, type[ProtocolError]]] = {
    "empty": (b"", ShapeError),
    "header cut off": (GOOD[:12], ShapeError),
    "header alone": (GOOD[:13], ShapeError),
    "symbol cut off": (GOOD[:-1], ShapeError),
    "symbol too long": (GOOD + b"\0", ShapeError),
    "kind 0": (GOOD[:8] + b"\0" + GOOD[9:], SchemaError),
    "kind 5": (GOOD[:8] + b"\5" + GOOD[9:], SchemaError),
    "length 0": (GOOD[:9] + b"\0\0" + GOOD[11:], SchemaError),
    "length beyond the bound": (GOOD[:9] + b"\xff\xff" + GOOD[11:], SchemaError),
    "length of another symbol size": (GOOD[:9] + (2_503).to_bytes(2) + GOOD[11:], ShapeError),
    "no symbols": (GOOD[:11] + b"\0" + GOOD[12:], SchemaError),
    "129 symbols": (GOOD[:11] + b"\x81" + GOOD[12:], SchemaError),
    "another number of symbols": (GOOD[:11] + b"\x08" + GOOD[12:], ShapeError),
    "a symbol that is padding alone": (GOOD[:9] + b"\0\5\4\0" + b"\0\0", ShapeError),
    "longer than any code": (GOOD + bytes(1_000), SizeError),
}


@pytest.mark.parametrize(("encoded", "reason"), FORGED.values(), ids=FORGED)
def test_forged_frames(encoded: bytes, reason: type[ProtocolError]) -> None:
    with pytest.raises(ProtocolError) as caught:
        animated.parse(encoded)
    assert type(caught.value) is reason


def test_text_of_another_kind() -> None:
    with pytest.raises(PrefixError):
        animated.read("LZ1:" + base45.encode(GOOD))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=40))
def test_any_bytes_are_a_frame_or_a_reason(encoded: bytes) -> None:
    try:
        frame = animated.parse(encoded)
    except ProtocolError:
        return
    assert len(frame.symbol) == frame.whole.symbol_bytes


# Assembling.


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 4_000), st.sampled_from(AnimatedKind), st.randoms(use_true_random=False))
def test_any_k_frames_in_any_order_and_repeated(length: int, kind: AnimatedKind, chance: Any) -> None:
    content = content_of(length)
    animation = animated.animate(content, kind)
    count = animation.whole.count
    numbers = chance.sample(range(256), count)
    assembler = Assembler()
    for number in [*numbers[:-1], *numbers[:-1]]:
        answer = assembler.add(animated.parse(animation.frame(number)))
        assert isinstance(answer, Progress)
        assert answer.received < count
        assert not answer.disturbed
    answer = assembler.add(animated.parse(animation.frame(numbers[-1])))
    assert answer == Assembled(kind, content, sha256(content).digest())
    assert assembler.add(animated.parse(animation.frame(0))) == answer


@pytest.mark.parametrize("length", [2_500, 35_000])
def test_every_third_frame_lost(length: int) -> None:
    animation = animation_of(length)
    seen = [number for number in range(256) if number % 3]
    count = animation.whole.count
    assert assembled(Assembler(), frames(animation, seen)) == (count, content_of(length))


def test_progress_counts_different_symbols() -> None:
    assembler, animation = Assembler(), animation_of(2_500)
    answers = [assembler.add(frame) for frame in frames(animation, (3, 3, 200, 3))]
    assert [answer.received for answer in answers if isinstance(answer, Progress)] == [1, 1, 2, 2]


def test_senders_never_mix() -> None:
    """Three phones in one picture, of which two show contents that differ in one byte."""
    contents = [content_of(2_500), content_of(2_499) + b"\0", content_of(1_200, "other")]
    animations = [animated.animate(content, AnimatedKind.PORTRAIT) for content in contents]
    assembler = Assembler()
    out: dict[bytes, bytes] = {}
    for number in range(12):
        for animation in animations:
            answer = assembler.add(animated.parse(animation.frame(number)))
            if isinstance(answer, Assembled):
                out[animation.whole.digest] = answer.content
    assert out == {animation.whole.digest: content for animation, content in zip(animations, contents, strict=True)}


def test_one_content_of_two_kinds_is_two_senders() -> None:
    portrait, presentation = animation_of(2_500), animation_of(2_500, kind=AnimatedKind.PRESENTATION)
    assembler = Assembler()
    assert assembled(assembler, frames(portrait, range(8))) is None
    assert assembled(assembler, frames(presentation, range(8, 9))) is None
    answer = assembler.add(animated.parse(portrait.frame(8)))
    assert isinstance(answer, Assembled)
    assert answer.kind is AnimatedKind.PORTRAIT


# Disturbers.


def disturbed(share: float, length: int, seed: str) -> Iterable[Frame]:
    """An endless sender, and forged frames of its whole, this share of all, where they hurt: just shown or next."""
    animation, stream = animation_of(length), Drbg(f"disturb {seed} {share}")
    count = animation.whole.count
    for number in range(3_000):
        while stream.below(10_000) < share * 10_000:
            yield forged(animation, (number + stream.below(count + 2) - 2) % 256, stream)
        yield animated.parse(animation.frame(number))


@pytest.mark.parametrize("share", [0.01, 0.1, 0.3, 0.5])
@pytest.mark.parametrize("length", [1_000, 2_500, 12_000])
def test_forged_frames_delay_and_never_change_what_comes_out(share: float, length: int) -> None:
    for seed in range(3):
        result = assembled(Assembler(), disturbed(share, length, str(seed)))
        assert result is not None
        assert result[1] == content_of(length)


def test_forged_frames_alone_give_nothing() -> None:
    animation, stream = animation_of(2_500), Drbg("alone")
    assembler = Assembler()
    for number in range(600):
        answer = assembler.add(forged(animation, number % 256, stream))
        assert isinstance(answer, Progress)
    assert answer.disturbed
    result = assembled(assembler, frames(animation, range(600)))
    assert result is not None
    assert result[1] == content_of(2_500)


def test_one_wrong_frame_costs_two_more() -> None:
    """The wrong one has the lowest index, so that it is among those that are tried first."""
    animation = animation_of(2_500)
    assembler = Assembler()
    answers = [assembler.add(each) for each in (forged(animation, 9, Drbg("one")), *frames(animation, range(10, 20)))]
    assert [each.disturbed for each in answers[:10] if isinstance(each, Progress)] == [False] * 8 + [True] * 2
    assert answers[10] == Assembled(AnimatedKind.PORTRAIT, content_of(2_500), sha256(content_of(2_500)).digest())
    # What is complete keeps no symbols.
    assert [sender.symbols for sender in assembler._senders.values()] == [{}]


def test_a_contradiction_takes_both_away() -> None:
    animation = animation_of(2_500)
    assembler = Assembler()
    good = frames(animation, range(9))
    assembler.add(forged(animation, 0, Drbg("0")))
    answers = [assembler.add(frame) for frame in good]
    assert [each.received for each in answers if isinstance(each, Progress)] == [0, *range(1, 9)]
    assert isinstance(assembler.add(good[0]), Assembled)


def test_a_consistent_lie_about_a_whole_gives_nothing() -> None:
    """The forger encodes another content, without one bad symbol, under the victim's digest."""
    victim, other = animation_of(2_500), animation_of(2_500, "other")
    assembler = Assembler()
    for frame in frames(other, range(256)):
        answer = assembler.add(Frame(victim.whole, frame.index, frame.symbol))
        assert isinstance(answer, Progress)


def test_memory_is_bounded_and_who_is_nearly_complete_stays() -> None:
    animation = animation_of(2_500)
    assembler = Assembler()
    assert assembled(assembler, frames(animation, range(8))) is None
    stream = Drbg("crowd")
    for _ in range(limits.MAX_IDLE_FRAMES - 1):
        assembler.add(Frame(Whole(stream(8), AnimatedKind.PORTRAIT, 2_500, 9), 0, stream(278)))
        assert len(assembler._senders) <= limits.MAX_ANIMATED_SENDERS
    assert isinstance(assembler.add(animated.parse(animation.frame(8))), Assembled)


def test_who_shows_nothing_for_long_is_forgotten() -> None:
    animation, stream = animation_of(2_500), Drbg("crowd")
    assembler = Assembler()
    assert assembled(assembler, frames(animation, range(8))) is None
    for _ in range(limits.MAX_IDLE_FRAMES + 2):
        assembler.add(Frame(Whole(stream(8), AnimatedKind.PORTRAIT, 2_500, 9), 0, stream(278)))
    answer = assembler.add(animated.parse(animation.frame(8)))
    assert isinstance(answer, Progress)
    assert answer.received == 1


# The schedule.


def test_the_code_is_every_third_picture_and_frames_are_between() -> None:
    schedule = Schedule(animation_of(2_500))
    texts = [schedule.text(picture, code="LZ1:CODE") for picture in range(12)]
    assert [place for place, text in enumerate(texts) if text == "LZ1:CODE"] == [0, 3, 6, 9]
    shown = [animated.read(text).index for text in texts if text != "LZ1:CODE"]
    assert shown == list(range(8))


def test_pictures_come_at_the_rate_that_the_wallet_tells() -> None:
    schedule = Schedule(animation_of(2_500), pictures_per_second=10)
    assert [schedule.picture_at(milliseconds) for milliseconds in (0, 99, 100, 1_000, 1_349)] == [0, 0, 1, 10, 13]
    for rate in (0, 1, 11):
        with pytest.raises(SizeError):
            Schedule(animation_of(2_500), pictures_per_second=rate)


def test_what_fills_the_last_symbol_are_zeros() -> None:
    animation = animated.animate(b"\xff" * 2_500, AnimatedKind.PORTRAIT)
    assert animation.whole.count * animation.whole.symbol_bytes == 2_502
    assert animation.frame(animation.whole.count - 1).endswith(b"\xff\x00\x00")


@pytest.mark.parametrize(("length", "count"), [(4, 3), (296, 8), (6_000, 101)])
def test_a_symbol_of_padding_alone_is_none(length: int, count: int) -> None:
    whole = Whole(bytes(8), AnimatedKind.PORTRAIT, length, count)
    alone = (count - 1) * whole.symbol_bytes >= length
    frame = bytes(8) + bytes((whole.kind, *length.to_bytes(2), count, 0)) + bytes(whole.symbol_bytes)
    if alone:
        with pytest.raises(ShapeError):
            animated.parse(frame)
    else:
        assert animated.parse(frame).whole == whole
    assert (length, alone) in {(4, True), (296, False), (6_000, True)}


def test_the_longest_frame() -> None:
    size = limits.MAX_CODE_BYTES - 13
    longest = bytes(8) + bytes((AnimatedKind.PORTRAIT, *size.to_bytes(2), 1, 0)) + bytes(size)
    assert len(animated.parse(longest).symbol) == size
    with pytest.raises(SizeError):
        animated.parse(longest + b"\0")


def test_what_is_taken_over_is_let_go() -> None:
    assembler = Assembler()
    first, other = animation_of(2_000), animation_of(2_000, "other")
    for frame in (*frames(first, range(6)), *frames(other, range(5))):
        assembler.add(frame)
    assembler.forget(first.whole)
    again = assembler.add(frames(first, [6])[0])
    assert again == Progress(first.whole, 1, disturbed=False)
    assert assembler.add(frames(other, [5])[0]) == Progress(other.whole, 6, disturbed=False)
    assembler.forget(animation_of(2_000, "never seen").whole)


def test_a_sender_that_is_known_pushes_nobody_out() -> None:
    assembler = Assembler()
    senders = [animation_of(2_000, f"sender {number}") for number in range(limits.MAX_ANIMATED_SENDERS)]
    for turn in range(2):
        for sender in senders:
            answer = assembler.add(frames(sender, [turn])[0])
            assert answer == Progress(sender.whole, turn + 1, disturbed=False)
