"""Animated codes: frames needed at several losses, what disturbance costs, and the time of encoding and assembling.

    .venv/bin/python bench/animated.py [RUNS]

Frames needed are counted as shown by the wallet (lost ones included), from the first frame on. The design's figures
for K = 9 are 9.8 at 10 % loss and 12.8 at 30 %. Disturbed: beside each good frame a forged one with the right digest,
length and K arrives with the odds that make it the given share of all frames that the camera sees; it takes an index
that was shown just before or comes soon, where it hurts most.
"""

import os
import random
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from protocol.labels import AnimatedKind
from protocol.qr import animated
from protocol.qr.animated import Animation, Assembled, Assembler, Frame


def shown_until_complete(animation: Animation, content: bytes, *, loss: float, forged: float = 0.0) -> int | None:
    """How many frames the wallet shows; None if 2,000 are not enough. A wrong content ends the benchmark."""
    assembler = Assembler()
    size = animation.whole.symbol_bytes
    for number in range(2_000):
        seen = []
        if random.random() >= loss:
            seen.append(animated.parse(animation.frame(number)))
        while random.random() < forged:
            target = (number + random.randrange(-2, animation.whole.count)) % 256
            seen.append(Frame(animation.whole, target, os.urandom(size)))
        random.shuffle(seen)
        for frame in seen:
            answer = assembler.add(frame)
            if isinstance(answer, Assembled):
                assert answer.content == content, "a wrong content came out"
                return number + 1
    return None


def milliseconds(act: Callable[[], object], rounds: int) -> float:
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        act()
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e3


def assemble(frames: list[Frame]) -> None:
    assembler = Assembler()
    assert isinstance([assembler.add(frame) for frame in frames][-1], Assembled)


def worst_frame(animation: Animation) -> float:
    """The dearest single frame, in milliseconds, with every fourth symbol forged: the most that can be found."""
    assembler = Assembler()
    worst = 0.0
    for number in range(256):
        frame = animated.parse(animation.frame(number))
        if number % 4 == 0:
            frame = Frame(frame.whole, frame.index, os.urandom(len(frame.symbol)))
        start = time.perf_counter()
        assembler.add(frame)
        worst = max(worst, time.perf_counter() - start)
    return worst * 1e3


def main(runs: int) -> None:
    for length in (1_000, 2_500, 35_000):
        content = os.urandom(length)
        animation = animated.animate(content, AnimatedKind.PORTRAIT)
        count = animation.whole.count
        print(f"{length} bytes: K = {count}, frames of {len(animation.frame(0))} bytes")
        for loss in (0.0, 0.1, 0.3):
            needed = [shown_until_complete(animation, content, loss=loss) for _ in range(runs)]
            done = [each for each in needed if each is not None]
            most = sorted(done)[len(done) * 99 // 100]
            print(f"  loss {loss:.0%}: {statistics.mean(done):.1f} frames, 99 % within {most}")
        for forged in (0.01, 0.1, 0.2, 0.3, 0.4, 0.5):
            some = max(10, runs // 20)
            needed = [shown_until_complete(animation, content, loss=0.0, forged=forged) for _ in range(some)]
            done = [each for each in needed if each is not None]
            mean = f"{statistics.mean(done):.1f} frames" if done else "never"
            print(f"  forged {forged:.0%} of frames: {len(done)} of {some} complete, {mean}")
        repair = [animated.parse(animation.frame(number)) for number in range(256 - count, 256)]
        data = [animated.parse(animation.frame(number)) for number in range(count)]
        print(f"  encode a data frame {milliseconds(lambda a=animation: a.frame(0), 200):.3f} ms, ", end="")
        print(f"a repair frame {milliseconds(lambda a=animation: a.frame(255), 200):.3f} ms")
        print(f"  assemble from data frames {milliseconds(lambda f=data: assemble(f), 20):.2f} ms, ", end="")
        print(f"from repair frames alone {milliseconds(lambda f=repair: assemble(f), 20):.2f} ms")
        print(f"  dearest frame under disturbance {worst_frame(animation):.1f} ms")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 400)
