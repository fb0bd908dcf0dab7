"""What the issuer's keys cost: lint under nobody's key, and signatures by a file key and by SoftHSM, side by side.

    python -m bench.issuer_keys [--processes 2]

Each process opens keys and token for itself, as workers of an import do. Nothing is written into a register here.
"""

import argparse
import multiprocessing
import secrets
import time
from collections.abc import Callable
from typing import Any

from issuer import catalogue_source, lint, subject
from issuer.issuance import Issuance, signatures
from issuer.keys.hardware_token import Pkcs11Token
from issuer.profile import Profile, TokenPlace
from issuer.register import Allocation, StatusEntry
from protocol import keys
from protocol.keys import Signer, VerificationKey
from protocol.labels import Alg, KeyAssurance
from tests import softhsm
from tests.issuer.builders import AT, DRIVING, holder_key
from tests.softhsm import Token

_MESSAGE = secrets.token_bytes(700)
_SECONDS = 2.0


def rate(work: Callable[[], object], each: int = 1) -> float:
    """How often a second."""
    work()
    done, begun = 0, time.perf_counter()
    while time.perf_counter() - begun < _SECONDS:
        work()
        done += each
    return done / (time.perf_counter() - begun)


def in_token(token: Token, key_id: bytes, key: VerificationKey) -> Signer:
    return Pkcs11Token(TokenPlace(token.module, token.label), pin=lambda: token.pin).signer(key_id, key)


def _worker(token: Token | None, key_id: bytes, key: VerificationKey, ready: Any, answers: Any) -> None:
    signer: Signer = keys.signer_for(Alg(key.alg), key_id * 2) if token is None else in_token(token, key_id, key)
    signer.sign(_MESSAGE)
    ready.wait()
    answers.put(rate(lambda: signer.sign(_MESSAGE)))


def together(processes: int, token: Token | None, key_id: bytes, key: VerificationKey) -> float:
    """Signatures a second of so many processes."""
    context = multiprocessing.get_context("fork")
    ready, answers = context.Barrier(processes), context.SimpleQueue()
    workers = [context.Process(target=_worker, args=(token, key_id, key, ready, answers)) for _ in range(processes)]
    for each in workers:
        each.start()
    total: float = sum(answers.get() for _ in workers)
    for each in workers:
        each.join()
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=2)
    processes = parser.parse_args().processes
    kind = next(each for each in catalogue_source.load_kinds().values() if each.slug == "driving-licence")
    profile = Profile("310000", "GA", AT, fictional=True)
    nothing: Any = None
    issuance = Issuance(
        profile=profile,
        register=nothing,
        allocator=nothing,
        ring=nothing,
        root=nothing,
        retired=frozenset(),
        random_bytes=secrets.token_bytes,
    )
    person = subject.check(kind, DRIVING, at=AT, fictional=True)
    draft = issuance.draft(kind, person, holder_key(), KeyAssurance.SOFTWARE, AT)
    allocation = Allocation(
        1, StatusEntry(3, 77), tuple(f"abcdefgh{number:02}" for number in range(len(draft.layouts)))
    )
    signer = keys.signer_for(Alg.ED25519, bytes(31) + b"\1")
    kid = keys.kid_of(signer.public_key)

    def linted() -> lint.LintedDraft:
        return lint.rehearsed(draft, allocation, profile=profile, kid=kid, key=signer.public_key)

    once, credentials = linted(), len(draft.layouts)
    print(f"lint, each credential of a driving licence: {1e6 / rate(linted, credentials):.0f} µs")
    print(f"sign and encode, each: {1e6 / rate(lambda: signatures(once, signer), credentials):.0f} µs")
    token = softhsm.new_token()
    made = Pkcs11Token(TokenPlace(token.module, token.label), pin=lambda: token.pin)
    for alg in (Alg.ED25519, Alg.ESP256):
        key_id = bytes([int(alg) % 256]) * 16
        of_file = keys.signer_for(alg, key_id * 2).public_key
        of_token = made.make(alg, key_id=key_id)
        for name, where, key in (("file", None, of_file), ("SoftHSM", token, of_token)):
            found = [together(number, where, key_id, key) for number in (1, processes)]
            print(f"{alg.name} by {name}: {found[0]:.0f}/s in one process, {found[1]:.0f}/s in {processes}")


if __name__ == "__main__":
    main()
