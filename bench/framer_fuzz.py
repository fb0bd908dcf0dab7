"""Every line protocol under noise, losses and broken cables: no foreign code, and no good one lost.

    .venv/bin/python -m bench.framer_fuzz [--sessions 100000] [--seed 1] [--smoke]

A session is one open device and up to six things that happen to it: good codes in random chunks, noise before and
after, codes that break off, a cable that is pulled, answers to commands, packets damaged on their way. The oracle knows
which codes must come out, in which order; everything else that comes out is foreign.

What no framer can tell is not asked of it. Noise begins with a byte that stands in no text, as a wrong speed or a
broken shield makes it; noise that happens to be printable is a short code to everybody, and no signature holds on it.
A scanner set up without a line end (profile generic) has no codes broken off by silence. HID-POS loses whole reports
at the end only: they have no numbers. An SSI scanner that had to give up gets its next code a second later, as a person
needs to present it again. Peer: the naive reader (readline, strip, decode with replacement characters)
that most integrations use, fed the same plain lines.
"""

import argparse
import random
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from hardware.hid_scanner.report_descriptor import ScannerReports, scanner_reports
from hardware.hid_scanner.reports import ReportReceiver
from hardware.hid_scanner.wedge import INPUT_EVENT, WEDGE_RULES
from hardware.hid_scanner.wedge_keys import EV_KEY, EV_SYN, SYN_DROPPED, KeyReader, typed_keys
from hardware.scanned import Frame, Garbage, Reply, TextRules
from hardware.serial_scanner.framing import Framer
from hardware.serial_scanner.scanner_profile import LineProtocol, ScannerProfile, known_profiles, profile_named
from hardware.serial_scanner.ssi import SsiReceiver
from hardware.serial_scanner.ssi_packet import CMD_ACK, packet
from hardware.simulated.hid import AIM_DESCRIPTOR, BARE_DESCRIPTOR, key_events, reports_of
from hardware.simulated.talking_scanner import decode_packets, sent_again

BASE45 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
CHINESE = "亮证窗口营业执照驾驶员身份核验通过街道办事处"
NO_TEXT = bytes([0, 1, *range(4, 9), 11, 12, *range(14, 32), 0x7F, 0x80, 0xFF])
"""Bytes that begin noise: neither text nor STX nor the end of a code."""
LOOK_SECONDS = 0.02
Item = Frame | Garbage | Reply


@dataclass(slots=True)
class Tally:
    """Sums over the sessions of one protocol."""

    sessions: int = 0
    sent: int = 0
    read: int = 0
    lost: int = 0
    foreign: int = 0
    first_bad_seed: int | None = None

    def add(self, expected: list[str], found: list[str], seed: int) -> None:
        """Compares in order, so that a code read twice or in another's place is foreign."""
        self.sessions += 1
        self.sent += len(expected)
        at = 0
        foreign = 0
        for text in found:
            if text in expected[at:]:
                at = expected.index(text, at) + 1
                self.read += 1
            else:
                foreign += 1
        lost = len(expected) - (len(found) - foreign)
        self.lost += lost
        self.foreign += foreign
        if (lost or foreign) and self.first_bad_seed is None:
            self.first_bad_seed = seed


@dataclass(slots=True)
class Script:
    """What happens on the line: bytes, silences in seconds, or None when the cable is pulled."""

    steps: list[bytes | float | None] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)


def code_text(rng: random.Random) -> str:
    """Ours mostly, sometimes somebody else's."""
    length = rng.choice((4, 12, 40, 40, 90, 90, 300, 663)) if rng.random() < 0.98 else rng.choice((1_500, 4_291))
    kind = rng.random()
    if kind < 0.75:
        return "LZ1:" + "".join(rng.choices(BASE45, k=length - 1)) + "A"
    if kind < 0.9:
        return "https://example.org/" + "".join(rng.choices("abcdefghij0123456789?=&%", k=min(length, 300)))
    return "".join(rng.choices(CHINESE, k=min(length, 60)))


def noise(rng: random.Random) -> bytes:
    return bytes([rng.choice(NO_TEXT)]) + rng.randbytes(rng.choice((0, 1, 3, 20, 200)))


def chunks(rng: random.Random, raw: bytes) -> Iterator[bytes]:
    """In one piece, byte by byte, or anything between."""
    most = rng.choice((1, 7, 64, len(raw) or 1))
    at = 0
    while at < len(raw):
        size = rng.randint(1, most)
        yield raw[at : at + size]
        at += size


def silence(seconds: float) -> list[float]:
    return [LOOK_SECONDS] * round(seconds / LOOK_SECONDS)


def plain_script(rng: random.Random, profile: ScannerProfile) -> Script:
    script = Script()
    rules = profile.rules
    aim = rng.choice((b"", b"]Q1", b"]Q3"))
    stx = rng.choice((b"", b"\x02"))
    end = rng.choice((b"\r", b"\n", b"\r\n", b"\t", b"\x03") if rules.needs_end else (b"\r", b"\r\n", b""))
    for _ in range(rng.randint(1, 6)):
        text = code_text(rng)
        character_set = rng.choice(rules.text.character_sets) if not text.isascii() else "ascii"
        if _is_ambiguous(text.encode(character_set), text):
            continue
        raw = stx + aim + text.encode(character_set) + end
        match rng.choice(("good", "good", "good", "noise", "glued", "run on", "broken off", "pulled", "answer")):
            case "good":
                if rules.text.strips_aim and rng.random() < 0.05:
                    raw = stx + aim + b"\\000026" + raw[len(stx + aim) :]
                pieces = list(chunks(rng, raw))
                pause = rng.randrange(len(pieces))
                for number, piece in enumerate(pieces):
                    script.steps.append(piece)
                    if number == pause and number < len(pieces) - 1:
                        # A gap that is still shorter than what ends a code.
                        script.steps += silence(0.06)
                script.expected.append(text)
            case "noise":
                script.steps += chunks(rng, noise(rng))
            case "glued":
                script.steps += chunks(rng, noise(rng) + raw)
            case "run on":
                script.steps += chunks(rng, raw + (b"" if end else b"\r") + noise(rng) + raw)
                script.expected.append(text)
            case "broken off" if rules.needs_end:
                script.steps += chunks(rng, raw[: rng.randint(1, len(raw) - len(end))])
            case "pulled":
                script.steps += [*chunks(rng, raw[: rng.randint(1, max(1, len(raw) - len(end)))]), None]
            case "answer" if rules.answers:
                script.steps += chunks(rng, rng.choice(rules.answers))
                script.steps += silence(rng.choice((0.0, 0.2)))
                script.steps.append(raw)
                if not end:
                    script.steps += silence(0.2)
                script.expected.append(text)
            case _:
                continue
        script.steps += silence(rng.choice((0.26, 0.4, 1.0)))
    return script


def run_framer(rng: random.Random, profile: ScannerProfile) -> tuple[list[str], list[str]]:
    script = plain_script(rng, profile)
    framer = Framer(profile.rules)
    found: list[Item] = []
    for step in script.steps:
        if step is None:
            found += framer.unplugged()
            framer = Framer(profile.rules)
        elif isinstance(step, bytes):
            found += framer.feed(step)
        else:
            found += framer.silence(step)
    return script.expected, texts(found)


def run_naive(rng: random.Random, profile: ScannerProfile) -> tuple[list[str], list[str]]:
    """readline() with a time-out of 0.12 s, strip(), decode(errors="replace")."""
    script = plain_script(rng, profile)
    held, quiet, found = b"", 0.0, list[str]()
    for step in script.steps:
        if step is None:
            held = b""
        elif isinstance(step, float):
            quiet += step
            if held and quiet >= 0.12:
                found.append(held.decode("utf-8", "replace").strip())
                held = b""
        else:
            quiet = 0.0
            held += step
            *lines, held = held.split(b"\n")
            found += [line.decode("utf-8", "replace").strip() for line in lines if line.strip()]
    return script.expected, [text for text in found if text]


def texts(found: list[Item]) -> list[str]:
    return [item.text for item in found if isinstance(item, Frame)]


def run_ssi(rng: random.Random, *, long_form: bool) -> tuple[list[str], list[str]]:
    """A scanner that waits for each acknowledgement; what it sends and what it hears may be lost or damaged."""
    rules = profile_named("grow-gm72" if long_form else "zebra-ssi").rules
    receiver, expected, found = SsiReceiver(rules), list[str](), list[Item]()

    def wait(seconds: float) -> list[Item]:
        heard = [item for each in silence(seconds) for item in receiver.silence(each)]
        found.extend(heard)
        return heard

    def deliver(raw: bytes) -> bool:
        for attempt in range(3):
            arriving = sent_again(raw) if attempt else raw
            damage = rng.choice(("none", "none", "none", "none", "flip", "cut", "gone", "noise", "deaf"))
            at = rng.randrange(len(raw))
            match damage:
                case "flip":
                    arriving = arriving[:at] + bytes([arriving[at] ^ 1 << rng.randrange(8)]) + arriving[at + 1 :]
                case "cut":
                    arriving = arriving[:at]
                case "gone":
                    arriving = b""
                case "noise":
                    arriving = noise(rng) + arriving
            heard: list[Item] = []
            for piece in chunks(rng, arriving):
                heard += receiver.feed(piece)
            found.extend(heard)
            heard += wait(rng.choice((0.14, 0.2)))
            said = [item.raw for item in heard if isinstance(item, Reply)]
            # A scanner that hears nothing waits for its time-out; one that is asked to repeat does so at once.
            if damage == "deaf" or not said:
                wait(2.0)
            elif packet(CMD_ACK) in said:
                return True
        return False

    for _ in range(rng.randint(1, 4)):
        text = code_text(rng)
        printed = text.encode(rng.choice(rules.text.character_sets))
        if _is_ambiguous(printed, text):
            continue
        printed += rng.choice((b"", b"\r\n"))
        packets = decode_packets(printed, long_form=long_form)
        match rng.choice(("good", "good", "good", "noise", "event", "pulled")):
            case "good":
                before = len(found)
                whole = all(deliver(raw) for raw in packets)
                # The last acknowledgement may be lost three times over: then the code is out and the scanner is not
                # content. Before that the code must not be out.
                if whole or text in texts(found[before:]):
                    expected.append(text)
                if not whole:
                    wait(1.0)
            case "noise":
                found += receiver.feed(noise(rng))
            case "event":
                found += receiver.feed(packet(0xF6, b"\x01", source=0))
            case "pulled":
                raw = packets[0]
                found += receiver.feed(raw[: rng.randrange(len(raw))])
                found += receiver.unplugged()
                receiver = SsiReceiver(rules)
        wait(rng.choice((0.2, 0.6, 3.0)))
    return expected, texts(found)


def run_hid(rng: random.Random, layout: ScannerReports) -> tuple[list[str], list[str]]:
    rules = TextRules(character_sets=("utf-8", "gb18030"))
    receiver, expected, found = ReportReceiver(layout, rules), list[str](), list[Item]()
    for _ in range(rng.randint(1, 6)):
        text = code_text(rng)
        printed = text.encode(rng.choice(rules.character_sets))
        if _is_ambiguous(printed, text):
            continue
        reports = list(reports_of(printed + rng.choice((b"", b"\r")), layout, aim=rng.choice((b"]Q1", b"]Q3", b"]d2"))))
        at = rng.randrange(len(reports))
        match rng.choice(("good", "good", "good", "short", "no end", "length", "control", "other", "pulled")):
            case "good":
                expected.append(text)
            case "short":
                reports[at] = reports[at][: rng.randrange(1, layout.data_at + 1)]
            case "no end":
                reports = reports[:-1]
            case "length" if layout.length_at is not None:
                spoiled = bytearray(reports[at])
                spoiled[layout.length_at] = rng.randint(layout.data_bytes + 1, 255)
                reports[at] = bytes(spoiled)
            case "control":
                spoiled = bytearray(reports[at])
                spoiled[layout.data_at] = rng.choice((0, 1, 7, 27))
                reports[at] = bytes(spoiled)
            case "other":
                reports = [bytes([rng.choice((1, 3, 4))]) + rng.randbytes(63)]
            case "pulled":
                found += [item for each in reports[:-1] for item in receiver.feed(each)]
                found += receiver.unplugged()
                receiver, reports = ReportReceiver(layout, rules), []
            case _:
                reports = []
        for report in reports:
            found += receiver.feed(report)
            if rng.random() < 0.1:
                found += receiver.silence(LOOK_SECONDS)
        for each in silence(rng.choice((0.52, 0.7))):
            found += receiver.silence(each)
    return expected, texts(found)


def _is_ambiguous(printed: bytes, text: str) -> bool:
    """Bytes of one character set that are text in the one that is tried before it: guessing is not asked for."""
    try:
        return printed.decode("utf-8") != text
    except UnicodeDecodeError:
        return False


def run_wedge(rng: random.Random) -> tuple[list[str], list[str]]:
    expected, found = list[str](), list[Item]()
    keys, framer = KeyReader(), Framer(WEDGE_RULES)

    def feed(raw: bytes) -> None:
        typed = b"".join(keys.event(kind, code, value) for _, _, kind, code, value in INPUT_EVENT.iter_unpack(raw))
        found.extend(framer.feed(typed))

    def press(*codes: int) -> Iterator[bytes]:
        for code in codes:
            for value in (1, 0):
                yield INPUT_EVENT.pack(0, 0, EV_KEY, code, value)

    for _ in range(rng.randint(1, 5)):
        text = code_text(rng)
        if not text.isascii() or len(text) > 1_000:
            text = "LZ1:SHORT " + str(rng.random())
        end = rng.choice(("\r", "\t"))
        events = list(key_events(text, ends_with=end))
        at = rng.randrange(1, len(events) - 1)
        match rng.choice(("good", "good", "good", "caps", "alt", "arrow", "lost", "broken off", "pulled", "clerk")):
            case "good":
                expected.append(text)
            case "caps":
                # Caps lock on, letters turned around by the scanner, caps lock off.
                events = [*press(58), *key_events(_turned_around(text), ends_with=end), *press(58)]
                expected.append(text)
            case "alt":
                events = [each for character in text for each in _alt(ord(character))] + list(press(28))
                expected.append(text)
            case "arrow":
                events[at:at] = press(rng.choice((103, 105, 106, 108, 59, 111)))
            case "lost":
                events[at:at] = [INPUT_EVENT.pack(0, 0, EV_SYN, SYN_DROPPED, 0)]
            case "broken off":
                events = events[:at]
            case "pulled":
                for each in events[:at]:
                    feed(each)
                found += framer.unplugged()
                keys, framer, events = KeyReader(), Framer(WEDGE_RULES), []
            case "clerk":
                events = [INPUT_EVENT.pack(0, 0, EV_KEY, code, value) for code, value in typed_keys("a")]
        at = 0
        while at < len(events):
            size = rng.choice((1, 4, 64))
            feed(b"".join(events[at : at + size]))
            at += size
            if rng.random() < 0.05:
                found += framer.silence(LOOK_SECONDS)
        for each in silence(rng.choice((0.4, 1.0))):
            keys.silence(each)
            found += framer.silence(each)
    return expected, texts(found)


def _turned_around(text: str) -> str:
    """What a scanner types that sees caps lock on; other keys than letters do not care."""
    return "".join(character.swapcase() if character.isalpha() else character for character in text)


def _alt(number: int) -> Iterator[bytes]:
    """Alt down, the number on the keypad, Alt up."""
    keypad = {"0": 82, "1": 79, "2": 80, "3": 81, "4": 75, "5": 76, "6": 77, "7": 71, "8": 72, "9": 73}
    yield INPUT_EVENT.pack(0, 0, EV_KEY, 56, 1)
    for digit in f"{number:03}":
        yield INPUT_EVENT.pack(0, 0, EV_KEY, keypad[digit], 1)
        yield INPUT_EVENT.pack(0, 0, EV_KEY, keypad[digit], 0)
    yield INPUT_EVENT.pack(0, 0, EV_KEY, 56, 0)


Session = Callable[[random.Random], tuple[list[str], list[str]]]


def protocols() -> dict[str, Session]:
    with_end = [each for each in known_profiles() if each.protocol is not LineProtocol.SSI and each.rules.needs_end]
    generic = profile_named("generic")
    aim, bare = scanner_reports(AIM_DESCRIPTOR), scanner_reports(BARE_DESCRIPTOR)
    assert aim is not None
    assert bare is not None
    return {
        "plain, maker's profiles": lambda rng: run_framer(rng, rng.choice(with_end)),
        "plain, generic": lambda rng: run_framer(rng, generic),
        "SSI packets": partial(run_ssi, long_form=False),
        "SSI, long form (Grow)": partial(run_ssi, long_form=True),
        "HID-POS, AIM layout": lambda rng: run_hid(rng, aim),
        "HID-POS, bare layout": lambda rng: run_hid(rng, bare),
        "keyboard wedge": run_wedge,
        "peer: readline + strip": lambda rng: run_naive(rng, rng.choice(with_end)),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="part of a protocol's name")
    parser.add_argument("--smoke", action="store_true", help="a few hundred sessions of each")
    wanted = parser.parse_args()
    sessions = 300 if wanted.smoke else wanted.sessions
    print(f"seed {wanted.seed}, bar: 0 lost and 0 foreign in {sessions:,} sessions of each protocol")
    print(f"{'protocol':26} {'sessions':>9} {'codes sent':>11} {'read':>9} {'lost':>6} {'foreign':>8} {'seconds':>8}")
    missed = False
    for name, session in protocols().items():
        if wanted.only not in name:
            continue
        tally = Tally()
        started = time.monotonic()
        for number in range(sessions if not name.startswith("peer") else min(sessions, 10_000)):
            seed = wanted.seed * 1_000_000_007 + number
            tally.add(*session(random.Random(seed)), seed)
        print(
            f"{name:26} {tally.sessions:9,} {tally.sent:11,} {tally.read:9,} {tally.lost:6,} {tally.foreign:8,} "
            f"{time.monotonic() - started:8.1f}"
            + (f"  first at {tally.first_bad_seed}" if tally.first_bad_seed else ""),
            flush=True,
        )
        missed = missed or bool(not name.startswith("peer") and (tally.lost or tally.foreign))
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
