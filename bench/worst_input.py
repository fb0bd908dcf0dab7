"""The input of at most 2,000 characters that costs a terminal or a wallet most: it must not cost 2 ms of CPU time.

    python -m bench.worst_input [--mutants N]

For every prefix that a reader takes: structured generators (what fills a code with nesting, items, pairs, text keys,
lengths, hashes, texts that must be normalised, members of a bundle, seals around all of it), then hill climbing by
mutation from the worst ones. Two kinds of senders: a stranger, whose bytes end at the first signature, and insiders,
for whom an issuer and a holder sign whatever they like. An input's cost is the least of several runs in CPU time of the
thread; one bare signature check of the same run is printed for scale, since machines differ.
"""

import argparse
import gc
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from time import thread_time_ns
from typing import Any, Final

from protocol import cbor, challenge, labels, limits
from protocol.errors import ProtocolError
from protocol.labels import Alg
from protocol.qr import animated, base45, envelope
from protocol.sd_cwt import disclosure
from tests.fuzz import ground
from tests.protocol.test_forgeries import mutate
from tests.utopia import acts
from tests.utopia.loose_cbor import Tag, dump
from tests.utopia.randomness import Drbg
from tests.utopia.sketch import Sketch
from verifier_terminal.appraisal.appraise import appraise
from verifier_terminal.appraisal.context import Context

BOUND_MS: Final = 2.0
CAPACITY: Final = (limits.MAX_TEXT_CHARACTERS - labels.PREFIX_CHARACTERS) // 3 * 2
"""Bytes behind the prefix of the longest text: 1,330."""
REQUEST: Final = acts.challenge()
CONTEXT: Final[Context] = replace(ground.CONTEXT, requests=(REQUEST,), audiences=frozenset({REQUEST.audience}))
RANDOMNESS: Final = Drbg("worst input")
Reader = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Input:
    """One text with what it is."""

    kind: str
    text: str


def read_challenge(text: str) -> None:
    """What a wallet does with a request before it asks anybody."""
    with suppress(ProtocolError):
        encoded = envelope.unwrap(text, expected_prefix=labels.PREFIX_CHALLENGE)
        challenge.verify(encoded, terminal_keys=ground.TERMINAL_KEYS, at=ground.AT)


def read_frame(text: str) -> None:
    """One picture of an animation, by an assembler that has seen nothing yet."""
    with suppress(ProtocolError):
        animated.Assembler().add(animated.parse(envelope.unwrap(text, expected_prefix=labels.PREFIX_ANIMATED)))


def judge(text: str) -> None:
    """The whole appraisal of a terminal with everything that it may know."""
    appraise(text, CONTEXT)


READERS: Final[Mapping[str, Reader]] = {
    labels.PREFIX_PRESENTATION: judge,
    labels.PREFIX_BUNDLE: judge,
    labels.PREFIX_SEALED: judge,
    labels.PREFIX_PAPER: judge,
    labels.PREFIX_CHALLENGE: read_challenge,
    labels.PREFIX_ANIMATED: read_frame,
}


# What fills bytes.


def fillings(size: int) -> Iterator[tuple[str, bytes]]:
    """CBOR of at most this many bytes, each costly in its own way. Not all of it is accepted."""
    items = limits.MAX_CBOR_ITEMS
    yield "arrays in arrays", b"\x81" * (limits.MAX_CBOR_DEPTH - 1) + b"\x80"
    yield "arrays in arrays, too deep", b"\x81" * size
    yield "maps in maps, too deep", b"\xa1\x01" * (size // 2)
    yield "as many small items as allowed", dump([1] * min(items, size - 3))
    yield "one item more than allowed", dump([1] * min(items + 1, size - 3))
    yield "wide integers", dump([2**16 + n for n in range(min(items, (size - 3) // 5))])
    yield "widest integers", dump([2**32 + n for n in range(min(items, (size - 3) // 9))])
    yield "small maps", dump([{1: 1}] * min(items // 3, (size - 3) // 3))
    yield "empty maps", dump([{}] * min(items, size - 3))
    yield "one wide map", dump({n: n for n in range(min(items // 2, (size - 3) // 6))})
    yield "a map of text keys", dump({f"{n:x}": 1 for n in range(min(items // 2, (size - 3) // 5))})
    yield (
        "a map of longer text keys",
        dump({"é" * (n % 3 + 1) + str(n): "é" for n in range(min(items // 2, size // 14))}),
    )
    yield (
        "a key twice, at the end",
        dump(dict.fromkeys(range(min(items // 2 - 1, size // 3 - 3)), 1))[:-2] + b"\x00\x01",
    )
    yield "short texts", dump(["é"] * min(items, (size - 3) // 3))
    yield "tags", dump([Tag(60, b"")] * min(items // 2, (size - 3) // 3))
    yield "one text", dump("中" * ((size - 3) // 3))
    yield "one byte string", dump(bytes(size - 3))


def texts(size: int) -> Iterator[tuple[str, str]]:
    """Items' texts that cost most to look at: what must be decomposed, ordered and composed again to know its form."""
    marks = sorted(
        (chr(point) for point in range(0x300, 0x370) if unicodedata.combining(chr(point))), key=unicodedata.combining
    )
    yield "marks in the worst order", "a" + "".join(reversed(marks * 12))[: (size - 4) // 2]
    yield "marks in order", "a" + "".join(sorted(marks * 12, key=unicodedata.combining))[: (size - 4) // 2]
    yield "syllables to be composed", "\u1100\u1161\u11a8" * (size // 9)
    yield "singletons", "\u212b" * (size // 3)
    yield "rare ideographs", "\U0002a6d6" * (size // 4)
    yield "unassigned ideographs", "\U000323b0" * (size // 4)


def strangers(prefix: str) -> Iterator[Input]:
    """Texts that nobody has signed."""
    room = CAPACITY
    yield Input("random bytes", prefix + base45.encode(RANDOMNESS(room)))
    yield Input("a group beyond 16 bits at the end", prefix + base45.encode(bytes(room))[:-3] + ":::")
    yield Input("a stranger's character at the end", prefix + base45.encode(bytes(room))[:-1] + "a")
    yield Input("text beyond ASCII", prefix + "中" * (limits.MAX_TEXT_CHARACTERS - len(prefix)))
    for name, content in fillings(room):
        yield Input(name, prefix + base45.encode(content[:room]))
    for name, content in fillings(room - 80):
        # As the protected header, and as the payload behind a good header.
        yield Input(
            f"{name}, as a protected header", prefix + base45.encode(dump(Tag(18, (content, {}, b"", bytes(64)))))
        )
        header = dump({1: -19, 4: bytes(8), 16: 293})
        inner = Tag(18, (header, {}, content, bytes(64)))
        outer = dump({1: -9, 13: inner, 16: 294})
        binding = dump({3: "lz:w", 4: ground.AT + 60, 6: ground.AT})
        yield Input(
            f"{name}, as a credential's payload", prefix + base45.encode(dump(Tag(18, (outer, {}, binding, bytes(64)))))
        )


# What insiders sign.


def insiders() -> Iterator[tuple[str, bytes]]:
    """Presentations with both signatures good, or with the last one bad, whatever stands in them."""
    for alg in Alg:
        for view in (False, True):
            yield f"good, {alg.name}, {'V' if view else 'F'}", sketch(alg, view=view).presentation_bytes()
            broken = sketch(alg, view=view)
            broken.holder = ground.WORLD.holder("a stranger", alg)
            yield f"another holder's signature, {alg.name}, {'V' if view else 'F'}", broken.presentation_bytes()
    yield "everything disclosed", ground.WORLD.presentation(ground.ISSUED, shown=(*ground.SHOWN, *range(1, 20)))
    room = CAPACITY - 420
    for name, content in fillings(room):
        try:
            value = cbor.decode(content)
        except ProtocolError:
            continue
        yield f"{name}, as an item", with_item(value)
    for name, text in texts(min(room, limits.MAX_TSTR_BYTES)):
        yield f"{name}, as an item", with_item(text)
    yield "as many disclosures as allowed", with_disclosures(limits.MAX_DISCLOSURES, 0)
    yield "as many disclosures as fit, hidden ones beside", with_disclosures(12, 18)
    yield "disclosures in disclosures", with_nested_disclosures(11)
    yield "decoys", with_disclosures(0, limits.MAX_REDACTED_HASHES)


def sketch(alg: Alg = Alg.ESP256, *, view: bool = True) -> Sketch:
    holder = ground.WORLD.holder("worst", alg)
    purpose = labels.Purpose.WINDOW if view else None
    return Sketch(ground.WORLD, ground.WORLD.credential(issuer_alg=Alg.ESP256, holder=holder, view=purpose))


def with_item(value: Any) -> bytes:
    made = sketch()
    made.lic[250] = value
    return made.presentation_bytes()


def with_disclosures(shown: int, hidden: int) -> bytes:
    made = sketch()
    several = [disclosure.disclose_key(RANDOMNESS(16), 1, 24 + n) for n in range(shown + hidden)]
    made.lic[cbor.Simple.REDACTED_KEYS] = [each.redacted_claim_hash for each in several]
    if shown:
        made.cwt_unprotected = {labels.HDR_SD_CLAIMS: [each.encoded for each in several[:shown]]}
    return made.presentation_bytes()


def with_nested_disclosures(depth: int) -> bytes:
    made = sketch()
    chain = [disclosure.disclose_key(RANDOMNESS(16), 1, 24)]
    for n in range(depth):
        group = {cbor.Simple.REDACTED_KEYS: (chain[-1].redacted_claim_hash,)}
        chain.append(disclosure.disclose_key(RANDOMNESS(16), group, 25 + n))
    made.lic[cbor.Simple.REDACTED_KEYS] = [chain[-1].redacted_claim_hash]
    made.cwt_unprotected = {labels.HDR_SD_CLAIMS: [each.encoded for each in chain]}
    return made.presentation_bytes()


def smallest(number: int, alg: Alg) -> Sketch:
    """A presentation of as few bytes as a reader of members takes."""
    made = Sketch(
        ground.WORLD,
        ground.WORLD.credential(
            issuer_alg=Alg.ESP256,
            holder=ground.WORLD.holder(f"smallest {number}", alg),
            view=labels.Purpose.WINDOW,
        ),
    )
    made.lic = {}
    for optional in (labels.CLAIM_HOLDER_KIND, labels.CLAIM_KEY_ASSURANCE):
        made.claims.pop(optional, None)
    return made


def bundles() -> Iterator[tuple[str, bytes]]:
    """As many members as fit: each has two signatures and a point to be decompressed."""
    for alg in Alg:
        for count in limits.BUNDLE_PRESENTATIONS:
            members = [smallest(number, alg) for number in range(count)]
            yield (
                f"{count} smallest members, {alg.name}",
                acts.bundle_bytes(each.presentation_bytes() for each in members),
            )
            members[-1].holder = ground.WORLD.holder("a stranger", alg)
            yield (
                f"{count} members, the last not signed, {alg.name}",
                acts.bundle_bytes(each.presentation_bytes() for each in members),
            )
    yield "members that are alike", acts.bundle_bytes([smallest(0, Alg.ESP256).presentation_bytes()] * 4)


def inputs() -> Iterator[Input]:
    for prefix in READERS:
        yield from strangers(prefix)
    single, several = list(insiders()), list(bundles())
    for name, content in single:
        yield Input(name, labels.PREFIX_PRESENTATION + base45.encode(content))
        yield Input(f"{name}, sealed", acts.seal(content, REQUEST))
    for name, content in several:
        yield Input(name, labels.PREFIX_BUNDLE + base45.encode(content))
        yield Input(f"{name}, sealed", acts.seal(content, REQUEST))
    yield Input("good", labels.PREFIX_CHALLENGE + base45.encode(ground.CHALLENGE))
    yield Input("good", labels.PREFIX_PAPER + base45.encode(ground.PAPER))
    largest = animated.animate(RANDOMNESS(limits.MAX_ANIMATED_BYTES), labels.AnimatedKind.PORTRAIT)
    for number in (0, limits.MAX_ANIMATED_SYMBOLS, 255):
        yield Input(f"frame {number} of the largest", labels.PREFIX_ANIMATED + base45.encode(largest.frame(number)))


# Measuring.


def cost(each: Input, runs: int) -> float:
    """Milliseconds of this thread's CPU time, the least of these runs."""
    return cost_of(partial(READERS[each.text[: labels.PREFIX_CHARACTERS]], each.text), runs)


def cost_of(read: Callable[[], object], runs: int) -> float:
    least = 1 << 62
    for _ in range(runs):
        start = thread_time_ns()
        read()
        least = min(least, thread_time_ns() - start)
    return least / 1e6


def climb(start: Input, steps: int) -> Input:
    """Keeps a mutant where it costs more; the bytes behind the prefix are bent."""
    prefix, best, worst = start.text[: labels.PREFIX_CHARACTERS], start, cost(start, 5)
    try:
        content = base45.decode(start.text[labels.PREFIX_CHARACTERS :])
    except ProtocolError:
        return start
    for _ in range(steps):
        bent = mutate(content, RANDOMNESS) if content else content
        if not bent or len(bent) > CAPACITY:
            continue
        mutant = Input(f"{start.kind}, bent", prefix + base45.encode(bent))
        if cost(mutant, 2) > worst * 1.03 and (again := cost(mutant, 7)) > worst:
            content, best, worst = bent, mutant, again
    return best


def bare_check() -> float:
    """Milliseconds of one bare P-256 verification, for scale."""
    signer = ground.WORLD.holder("worst", Alg.ESP256)
    signature = signer.sign(bytes(400))
    return cost_of(lambda: signer.public_key.verify(signature, bytes(400)), 50)


def least_costs(finalists: Iterable[Input], rounds: int) -> Mapping[Input, float]:
    """Every finalist in every round: a machine that others use is slow for seconds at a time, and not for minutes."""
    least: dict[Input, float] = {}
    for _ in range(rounds):
        for each in finalists:
            least[each] = min(least.get(each, 1e9), cost(each, 5))
    return least


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--mutants", type=int, default=2_000, help="steps of climbing for each prefix")
    arguments.add_argument("--rounds", type=int, default=60, help="of measuring what came out worst")
    chosen = arguments.parse_args()
    gc.freeze()
    everything = [each for each in inputs() if len(each.text) <= limits.MAX_TEXT_CHARACTERS]
    first = least_costs(everything, 3)
    finalists: list[Input] = []
    for prefix in READERS:
        ranked = sorted((each for each in everything if each.text.startswith(prefix)), key=lambda each: -first[each])
        finalists += ranked[:8]
        finalists += [climb(each, chosen.mutants // 4) for each in ranked[:4]]
    finalists = list(dict.fromkeys(finalists))
    check, costs = bare_check(), least_costs(finalists, chosen.rounds)
    check = min(check, bare_check())
    print(f"{len(everything)} generated inputs, {4 * (chosen.mutants // 4)} mutants for each prefix")
    print(f"one bare P-256 verification {check:.3f} ms; bound {BOUND_MS} ms")
    print("| prefix | ms | x bare check | characters | input |")
    print("|---|---|---|---|---|")
    for prefix in READERS:
        for each in sorted((f for f in finalists if f.text.startswith(prefix)), key=lambda each: -costs[each])[:3]:
            found = costs[each]
            print(f"| {prefix} | {found:.2f} | {found / check:.0f} | {len(each.text)} | {each.kind} |")
    worst = max(costs.values())
    print(f"worst {worst:.2f} ms: {'within' if worst <= BOUND_MS else 'BEYOND'} the bound")


if __name__ == "__main__":
    main()
