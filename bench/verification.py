"""How much a full verification costs, as a ratio to its two bare signature checks; and how large codes are.

    python -m bench.verification [--rounds N] [--profile] [--forged N]

Every round has a fresh credential, device key and presentation, so that no cache can help. The floor of a round is the
bare library call for the issuer's signature and for the holder's, on keys that are loaded already; a holder's Ed25519
key adds its point check to the floor, since it cannot be left out. `--forged` reads that many forged codes, mixed with
good ones, and demands that none is accepted and no good one refused (SECURITY.md, "Goals").

A repeated scan is the next code of a showing whose credential the terminal has verified a moment ago; its floor is the
bare check of the holder's signature alone.
"""

import argparse
import cProfile
import pstats
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import cycle
from statistics import median
from time import perf_counter_ns

import qrcode
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from nacl.bindings import crypto_core_ed25519_is_valid_point
from nacl.bindings.crypto_sign import crypto_sign_open
from qrcode.util import MODE_ALPHA_NUM, QRData

from protocol import trust_list
from protocol.errors import ProtocolError
from protocol.keys import Ed25519Key, P256Key, VerificationKey
from protocol.labels import Alg, Lic, Purpose
from protocol.qr import envelope
from protocol.sd_cwt import key_binding
from protocol.sd_cwt.known import NOTHING_KNOWN, KnownCredentials
from protocol.trust_list import TrustList
from protocol.unixtime import UnixTime
from tests.utopia.forgeries import FORGERIES
from tests.utopia.randomness import Drbg
from tests.utopia.world import Issued, World
from verifier_terminal.verified_credentials import VerifiedCredentials

SHOWN = (Lic.NAME, Lic.LICENCE_NO)
"""Four claims: these two and the clear class and end of validity (valid-from is clear as well)."""
GOALS = {"F": 2.3, "V": 1.8}
GATES = {"F": 2.6, "V": 2.1}
REPEATED = 1.6
BLOCK = 25


@dataclass(frozen=True, slots=True)
class Round:
    """One presentation, and its two signature checks without anything else."""

    text: str
    next_text: str
    """The code that the same showing rolls to."""
    floor: Callable[[], None]
    holder_floor: Callable[[], object]


def make_round(world: World, number: int, *, view: bool, holder_alg: Alg) -> Round:
    """A fresh device key, credential and presentation."""
    holder = world.holder(f"bench {number}", holder_alg)
    claims = world.claims(holder=holder, idx=number % 8192)
    issued = world.credential(holder=holder, claims=claims, view=Purpose.WINDOW if view else None)
    shown, binding = () if view else SHOWN, world.key_binding()
    text = world.code(issued, shown=shown, binding=binding)
    later = replace(binding, iat=UnixTime(binding.iat + 1), exp=UnixTime(binding.exp + 1))
    next_text = world.code(issued, shown=shown, binding=later)
    unverified = key_binding.parse(envelope.unwrap(text))
    checks = (
        bare_check(issued.issuer.public_key, unverified.credential.sign1, point=False),
        bare_check(holder.public_key, unverified.sign1, point=True),
    )
    following = key_binding.parse(envelope.unwrap(next_text))
    again = bare_check(holder.public_key, following.sign1, point=True)
    return Round(text, next_text, lambda: [check() for check in checks] and None, again)


def bare_check(key: VerificationKey, sign1: key_binding.UnverifiedSign1, *, point: bool) -> Callable[[], object]:
    """The library's own call, with everything around it done before."""
    message, signature = sign1.sig_structure(), sign1.signature
    if isinstance(key, Ed25519Key):
        signed = signature + message
        if point:
            return lambda: (crypto_core_ed25519_is_valid_point(key.x), crypto_sign_open(signed, key.x))
        return lambda: crypto_sign_open(signed, key.x)
    assert isinstance(key, P256Key)
    loaded = ec.EllipticCurvePublicKey.from_encoded_point(
        ec.SECP256R1(), (b"\x03" if key.y_is_odd else b"\x02") + key.x
    )
    der = encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))
    algorithm = ec.ECDSA(SHA256())
    return lambda: loaded.verify(der, message, algorithm)


def read(
    text: str, trust: TrustList, world: World, known: KnownCredentials = NOTHING_KNOWN
) -> key_binding.Presentation:
    """Steps 1 to 9 and the clockless part of 10: what the terminal does before status and policy."""
    unverified = key_binding.parse(envelope.unwrap(text), known=known)
    anchor = trust_list.find_assertion_anchor(trust, unverified.credential, at=world.clock.at)
    presentation = key_binding.verify(unverified, anchor.key)
    key_binding.check_time_relations(presentation)
    return presentation


def timed(call: Callable[[], object]) -> int:
    start = perf_counter_ns()
    call()
    return perf_counter_ns() - start


def quietest(pairs: Sequence[tuple[int, int]]) -> tuple[float, float]:
    """Median microseconds of both, over that quarter of the blocks in which the floor alone was fastest.

    The floor is the library's work and not ours: where it was slow, somebody else had the machine.
    """
    blocks = sorted(
        (pairs[start : start + BLOCK] for start in range(0, len(pairs), BLOCK)),
        key=lambda block: median(floor for _, floor in block),
    )
    quiet = [pair for block in blocks[: max(1, len(blocks) // 4)] for pair in block]
    return median(full for full, _ in quiet) / 1000, median(floor for _, floor in quiet) / 1000


def measure(world: World, rounds: int, *, view: bool, holder_alg: Alg) -> tuple[float, float]:
    """Median microseconds of (full verification, floor), measured alternately."""
    trust = world.trust()
    prepared = [make_round(world, number, view=view, holder_alg=holder_alg) for number in range(rounds)]
    pairs = [(timed(lambda each=each: read(each.text, trust, world)), timed(each.floor)) for each in prepared]
    return quietest(pairs)


def measure_repeated(world: World, rounds: int, *, view: bool, holder_alg: Alg) -> tuple[float, float]:
    """Median microseconds of (the next code of a known credential, its bare holder check), measured alternately."""
    trust = world.trust()
    prepared = [make_round(world, number, view=view, holder_alg=holder_alg) for number in range(rounds)]
    memory = VerifiedCredentials(lambda: 0.0)
    pairs = []
    for each in prepared:
        memory.remember(read(each.text, trust, world).verified)
        pairs.append((timed(lambda each=each: read(each.next_text, trust, world, memory)), timed(each.holder_floor)))
    return quietest(pairs)


def print_repeated(world: World, rounds: int) -> None:
    print("| repeated scan, holder key | µs | bare holder check µs | ratio | bar |")
    print("|---|---|---|---|---|")
    for view, layout in ((False, "F"), (True, "V")):
        for holder_alg in (Alg.ESP256, Alg.ED25519):
            full, floor = measure_repeated(world, rounds, view=view, holder_alg=holder_alg)
            print(f"| {layout}, {holder_alg.name} | {full:.0f} | {floor:.0f} | {full / floor:.2f} | {REPEATED} |")


def print_ratios(world: World, rounds: int) -> None:
    print("| layout | holder key | verification µs | floor µs | ratio | goal | gate |")
    print("|---|---|---|---|---|---|---|")
    for view, layout in ((False, "F"), (True, "V")):
        for holder_alg in (Alg.ESP256, Alg.ED25519):
            full, floor = measure(world, rounds, view=view, holder_alg=holder_alg)
            print(
                f"| {layout}, 4 claims | {holder_alg.name} | {full:.0f} | {floor:.0f} | {full / floor:.2f} "
                f"| {GOALS[layout]} | {GATES[layout]} |"
            )


def version(text: str, level: int) -> int:
    """The QR version of a text in alphanumeric mode."""
    code = qrcode.QRCode(error_correction=level)
    code.add_data(QRData(text.encode(), mode=MODE_ALPHA_NUM))
    return code.best_fit() or 0


IN_ORDER = (
    *(Lic.NAME, Lic.CLASS, Lic.LICENCE_NO, Lic.VALID_TO),
    *(Lic.VALID_FROM, Lic.CITIZEN_ID, Lic.FIRST_ISSUE, Lic.AUTHORITY),
    *(Lic.SEX, Lic.BIRTH_DATE, Lic.ADDRESS, Lic.PORTRAIT_SHA256),
)
"""The items of the driving licence in the order in which they are added to a code."""

# PROTOCOL.md, "Size budget", without the 4 bytes of the key assurance claim.
BUDGET = {
    ("V", 4): (368, "v13 / v15"),
    ("V", 8): (435, "v14 / v17"),
    ("V", 12): (522, "v16 / v18"),
    ("F", 4): (550, "v16 / v19"),
    ("F", 8): (872, "v21 / v24"),
    ("F", 12): (1185, "v25 / v29"),
}


def print_sizes(world: World) -> None:
    print("| layout | claims shown | bytes | budget | QR L / M | budget |")
    print("|---|---|---|---|---|---|")
    flexible = world.credential()
    for (layout, count), (budget, budget_versions) in BUDGET.items():
        shown = IN_ORDER[:count]
        issued = flexible if layout == "F" else view_of(world, shown)
        presentation = world.presentation(issued, shown=shown)
        text = envelope.wrap(presentation)
        versions = f"v{version(text, qrcode.ERROR_CORRECT_L)} / v{version(text, qrcode.ERROR_CORRECT_M)}"
        print(f"| {layout} | {count} | {len(presentation)} | {budget} | {versions} | {budget_versions} |")


def view_of(world: World, keys: tuple[int, ...]) -> Issued:
    """A V credential of exactly these items."""
    vct = world.credential().claims.vct
    kind = replace(world.kinds[vct], views={Purpose.WINDOW: frozenset(keys)})
    return World(kinds={**world.kinds, vct: kind}).credential(view=Purpose.WINDOW)


def campaign(world: World, count: int) -> None:
    """Forged codes from every operator and from random mutation, one good code after every ten."""
    from tests.protocol.test_forgeries import mutate

    trust = world.trust()
    randomness = Drbg("campaign")
    good = [make_round(world, number, view=bool(number % 2), holder_alg=Alg.ESP256).text for number in range(64)]
    contents = [envelope.unwrap(text) for text in good]
    made = [(forgery.make(world), forgery.code) for forgery in FORGERIES]
    operators, reasons = cycle(made), Counter[str]()
    for number in range(count):
        if number % 2:
            text, expected = next(operators)
        else:
            text, expected = envelope.wrap(mutate(contents[randomness.below(64)], randomness)), None
        try:
            read(text, trust, world)
        except ProtocolError as error:
            reasons[error.code] += 1
            if expected not in (None, error.code):
                raise SystemExit(f"refused by {error.code} and not by {expected}") from error
        else:
            raise SystemExit(f"ACCEPTED after {number}: {text}")
        if number % 10 == 0:
            read(good[number // 10 % 64], trust, world)
    print(f"{count} forged, 0 accepted; {(count + 9) // 10} good, 0 refused; {len(FORGERIES)} operators")
    print(", ".join(f"{code} {times}" for code, times in reasons.most_common()))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--rounds", type=int, default=1500, help="presentations for each figure")
    arguments.add_argument("--profile", action="store_true", help="where the time of layout F goes")
    arguments.add_argument("--forged", type=int, metavar="N", help="read N forged codes instead (1000000 is the goal)")
    chosen = arguments.parse_args()
    world = World()
    if chosen.forged:
        campaign(world, chosen.forged)
        return
    print_ratios(world, chosen.rounds)
    print()
    print_repeated(world, chosen.rounds)
    print()
    print_sizes(world)
    if chosen.profile:
        trust = world.trust()
        prepared = [make_round(world, number, view=False, holder_alg=Alg.ESP256) for number in range(chosen.rounds)]
        profile = cProfile.Profile()
        profile.enable()
        for each in prepared:
            read(each.text, trust, world)
        profile.disable()
        pstats.Stats(profile).sort_stats("tottime").print_stats(22)


if __name__ == "__main__":
    main()
