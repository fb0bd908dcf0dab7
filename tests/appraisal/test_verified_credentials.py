"""What the memory of verified credentials may do: make a verdict cheaper. What it may not: change any."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from protocol import cbor, cose_sign1
from protocol.errors import Code, HeaderUnprotected, IssuerSignatureInvalid
from protocol.keys import DEFAULT_ALGORITHMS, ED25519, ESP256, AlgorithmTable
from protocol.labels import Alg, KeyUse, Lic, Purpose
from protocol.qr import envelope
from protocol.sd_cwt import key_binding
from protocol.sd_cwt.key_binding import KeyBinding
from protocol.sd_cwt.known import VerifiedCredential
from protocol.unixtime import UnixTime
from tests.appraisal.terminal import Terminal
from tests.terminal.conftest import Terminal as Running
from tests.utopia.forgeries import FORGERIES
from tests.utopia.forgery import Forgery, good_sketch
from tests.utopia.world import Issued, World
from verifier_terminal.appraisal.appraise import appraise
from verifier_terminal.appraisal.context import Context
from verifier_terminal.appraisal.verdict import Verdict, VerdictClass
from verifier_terminal.session import Session
from verifier_terminal.verified_credentials import CREDENTIALS, SECONDS, VerifiedCredentials


@dataclass
class Elapsed:
    """A clock that only counts, and only when it is told to."""

    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds


@dataclass
class Remembered:
    """A memory without bounds that counts what it was asked and what it answered."""

    held: dict[bytes, VerifiedCredential] = field(default_factory=dict)
    hits: int = 0

    def find(self, protected_bytes: bytes) -> VerifiedCredential | None:
        found = self.held.get(protected_bytes)
        self.hits += found is not None
        return found

    def remember(self, verified: VerifiedCredential) -> None:
        self.held[verified.sign1.protected_bytes] = verified


@pytest.fixture
def terminal() -> Terminal:
    return Terminal()


@pytest.fixture
def memory() -> Remembered:
    return Remembered()


@pytest.fixture(scope="module")
def shared() -> Terminal:
    return Terminal()


def verdict_with(terminal: Terminal, memory: Remembered | VerifiedCredentials, text: str) -> Verdict:
    return appraise(text, replace(terminal.context(), credentials=memory))


def rolled(terminal: Terminal, issued: Issued, later: int = 1, **different: object) -> str:
    """The next code of the same showing."""
    at = UnixTime(terminal.at + later)
    binding = KeyBinding(aud="lz:w", iat=at, exp=UnixTime(at + 60), cnonce=None)
    return terminal.world.code(issued, binding=replace(binding, **different))  # type: ignore[arg-type]


def halves(text: str) -> tuple[key_binding.UnverifiedPresentation, bytes]:
    encoded = envelope.unwrap(text)
    return key_binding.parse(encoded), encoded


# Equal verdicts.


_HITS: set[str] = set()


@pytest.mark.parametrize("forgery", FORGERIES, ids=str)
def test_a_forgery_gets_the_same_verdict_when_its_original_is_known(shared: Terminal, forgery: Forgery) -> None:
    memory = Remembered()
    original = good_sketch(shared.world, **forgery.base).code()
    assert verdict_with(shared, memory, original) == shared.appraise(original)
    assert memory.held
    text = forgery.make(shared.world)
    before = dict(memory.held)
    assert verdict_with(shared, memory, text) == shared.appraise(text)
    # What is refused before both signatures and all disclosures hold is never remembered.
    if forgery.code.startswith(("E_SIG", "E_SD", "E_SCHEMA", "E_TYP", "E_HDR", "E_ALG", "E_CBOR", "E_ISSUER")):
        assert memory.held == before
    if memory.hits:
        _HITS.add(forgery.name)


def test_many_forgeries_did_meet_the_memory() -> None:
    """Otherwise the test above would compare two cold readings."""
    assert len(_HITS) >= 30, sorted(_HITS)


@pytest.mark.parametrize("alg", Alg)
@pytest.mark.parametrize("view", [None, Purpose.WINDOW])
def test_a_hit_and_a_miss_say_the_same(terminal: Terminal, memory: Remembered, alg: Alg, view: Purpose | None) -> None:
    world = terminal.world
    issued = world.credential(holder=world.holder("another phone", alg), view=view)
    first, second = rolled(terminal, issued), rolled(terminal, issued, later=2)
    assert verdict_with(terminal, memory, first).verdict_class is VerdictClass.ACCEPT
    assert memory.hits == 0
    assert verdict_with(terminal, memory, second) == terminal.appraise(second)
    assert memory.hits == 1


def test_other_disclosures_are_looked_at_as_if_they_were_the_first(terminal: Terminal, memory: Remembered) -> None:
    issued = terminal.world.credential()
    verdict_with(terminal, memory, rolled(terminal, issued))
    more = terminal.world.code(issued, shown=(Lic.NAME, Lic.LICENCE_NO, Lic.SEX))
    assert verdict_with(terminal, memory, more) == terminal.appraise(more)
    assert memory.hits == 0


# What makes a miss.


def test_a_forged_signature_over_known_content_is_a_miss(terminal: Terminal, memory: Remembered) -> None:
    """Signed bytes that are known prove nothing under another signature: the signature belongs to what is known."""
    sketch = good_sketch(terminal.world)
    assert verdict_with(terminal, memory, sketch.code()).verdict_class is VerdictClass.ACCEPT
    forged = good_sketch(terminal.world)
    forged.issuer = terminal.world.signer("a stranger", Alg.ED25519)
    text = forged.code()
    assert halves(text)[0].credential.sign1.payload == halves(sketch.code())[0].credential.sign1.payload
    verdict = verdict_with(terminal, memory, text)
    assert [each.code for each in verdict.findings] == [Code.E_SIG_ISSUER]
    assert memory.hits == 0
    assert len(memory.held) == 1


def test_a_memory_that_answers_with_another_credential_is_not_believed(terminal: Terminal) -> None:
    """Even if it is broken: what counts is what stands in the code."""
    world = terminal.world
    other = world.credential(holder=world.holder("another phone"))
    text = world.code(world.credential())
    known = key_binding.verify(halves(world.code(other))[0], other.issuer.public_key).verified

    class Broken(Remembered):
        def find(self, protected_bytes: bytes) -> VerifiedCredential | None:
            return known

    assert verdict_with(terminal, Broken(), text) == terminal.appraise(text)


def test_another_table_of_algorithms_is_a_miss(terminal: Terminal, memory: Remembered) -> None:
    unverified, encoded = halves(terminal.code())
    anchor = terminal.world.credential().issuer.public_key
    memory.remember(key_binding.verify(unverified, anchor).verified)
    table = AlgorithmTable((ED25519, ESP256))
    assert key_binding.parse(encoded, known=memory).known is not None
    assert key_binding.parse(encoded, known=memory, algorithms=table).known is None
    assert DEFAULT_ALGORITHMS is not table


def test_another_key_for_the_issuer_verifies_again(terminal: Terminal, memory: Remembered) -> None:
    """The trust list has another key under the same name: what was verified under the old one is nothing."""
    unverified, encoded = halves(terminal.code())
    memory.remember(key_binding.verify(unverified, terminal.world.credential().issuer.public_key).verified)
    stranger = terminal.world.signer("a stranger", Alg.ED25519).public_key
    with pytest.raises(IssuerSignatureInvalid):
        key_binding.verify(key_binding.parse(encoded, known=memory), stranger)


# Trust, on a hit.


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda anchor, at: replace(anchor, verify_until=UnixTime(at - 1)), Code.E_ISSUER_EXPIRED),
        (lambda anchor, at: replace(anchor, sign_until=UnixTime(0)), Code.E_ISSUER_EXPIRED),
        (lambda anchor, at: replace(anchor, kinds=frozenset({65020})), Code.E_VCT),
        (lambda anchor, at: replace(anchor, status_prefixes=("lz:980000/",)), Code.E_STATUS_URI),
        (lambda anchor, at: replace(anchor, use=KeyUse.PAPER), Code.E_ISSUER_UNKNOWN),
        (lambda anchor, at: None, Code.E_ISSUER_UNKNOWN),
    ],
    ids=["ended", "ended-for-signing", "other-kinds", "other-lists", "other-use", "removed"],
)
def test_a_key_that_ended_is_noticed_on_a_hit(
    terminal: Terminal, memory: Remembered, change: object, code: Code
) -> None:
    issued = terminal.world.credential()
    verdict_with(terminal, memory, rolled(terminal, issued))
    trust = terminal.held.trust
    mine = issued.issuer.public_key
    anchors = {pair: each if each.key != mine else change(each, terminal.at) for pair, each in trust.anchors.items()}  # type: ignore[operator]
    terminal.knowledge = replace(
        terminal.held, trust=replace(trust, anchors={pair: each for pair, each in anchors.items() if each})
    )
    verdict = verdict_with(terminal, memory, rolled(terminal, issued, later=2))
    assert memory.hits == 1
    assert [each.code for each in verdict.findings] == [code]
    assert verdict.licence is None


def test_the_holder_signs_anew_on_a_hit(terminal: Terminal, memory: Remembered) -> None:
    issued = terminal.world.credential()
    verdict_with(terminal, memory, rolled(terminal, issued))
    stranger = replace(issued, holder=terminal.world.holder("a stranger"))
    verdict = verdict_with(terminal, memory, rolled(terminal, stranger, later=2))
    assert memory.hits == 1
    assert [each.code for each in verdict.findings] == [Code.E_SIG_HOLDER]


def test_an_unprotected_header_is_refused_on_a_hit(terminal: Terminal, memory: Remembered) -> None:
    unverified, encoded = halves(terminal.code())
    memory.remember(key_binding.verify(unverified, terminal.world.credential().issuer.public_key).verified)
    protected, _, payload, signature = cose_sign1.shape(cbor.decode(encoded))
    changed = cbor.encode(cbor.Tagged(18, (protected, {17: (b"x",)}, payload, signature)))
    with pytest.raises(HeaderUnprotected):
        key_binding.parse(changed, known=memory)


# The terminal's memory.


def verified(world: World, number: int) -> VerifiedCredential:
    issued = world.credential(holder=world.holder(f"phone {number}", Alg.ED25519))
    return key_binding.verify(halves(world.code(issued))[0], issued.issuer.public_key).verified


def test_it_has_a_bound_and_the_oldest_goes_first() -> None:
    world, memory = World(), VerifiedCredentials(Elapsed())
    many = [verified(world, number) for number in range(CREDENTIALS + 1)]
    for each in many:
        memory.remember(each)
    assert len(memory) == CREDENTIALS
    assert memory.find(many[0].sign1.protected_bytes) is None
    assert all(memory.find(each.sign1.protected_bytes) is each for each in many[1:])


def test_it_forgets_with_time() -> None:
    world, elapsed = World(), Elapsed()
    memory = VerifiedCredentials(elapsed)
    one, other = verified(world, 1), verified(world, 2)
    memory.remember(one)
    elapsed.seconds = SECONDS - 1
    memory.remember(other)
    # Being seen again makes nothing younger: what was shown is gone after ten minutes.
    memory.remember(one)
    assert memory.find(one.sign1.protected_bytes) is one
    elapsed.seconds = SECONDS
    assert memory.find(one.sign1.protected_bytes) is None
    assert memory.find(other.sign1.protected_bytes) is other
    memory.forget_all()
    assert len(memory) == 0


def test_nobody_fills_it_with_what_was_not_verified(terminal: Terminal) -> None:
    """A thousand codes that nobody signed leave no trace, and push nothing out."""
    memory = VerifiedCredentials(Elapsed())
    issued = terminal.world.credential()
    verdict_with(terminal, memory, rolled(terminal, issued))
    kept = halves(rolled(terminal, issued))[0].sign1.protected_bytes
    for number in range(2 * CREDENTIALS):
        forged = good_sketch(terminal.world, number=number)
        forged.holder = terminal.world.holder("a stranger")
        verdict_with(terminal, memory, forged.code())
    assert len(memory) == 1
    assert memory.find(kept) is not None


# The session.


@pytest.fixture
def contexts(tmp_path: Path) -> Iterator[tuple[Running, Session, list[Context]]]:
    """A provisioned session, and what its appraisals were given."""
    directory = tmp_path / "terminal"
    directory.mkdir()
    running, given = Running(World(), directory, tmp_path / "published"), []

    def noting(text: str, context: Context) -> Verdict:
        given.append(context)
        return appraise(text, context)

    session = running.open(noting)
    session.sync(running.publish())
    yield running, session, given
    session.close()


def session_code(running: Running, issued: Issued) -> str:
    """The code that the phone shows now."""
    running.pass_seconds(3)
    at = UnixTime(running.world.clock.at)
    return running.world.code(issued, binding=KeyBinding("lz:w", at, UnixTime(at + 60), None))


def known_to(context: Context, text: str) -> bool:
    return context.credentials.find(halves(text)[0].sign1.protected_bytes) is not None


def test_a_session_remembers_and_forgets_whenever_documents_are_loaded(
    contexts: tuple[Running, Session, list[Context]],
) -> None:
    running, session, given = contexts
    issued = running.world.credential()
    first, second = session_code(running, issued), session_code(running, issued)
    assert session.scan(first, source="scanner").verdict.verdict_class is VerdictClass.ACCEPT
    assert known_to(given[-1], second)
    session.sync(running.publish())
    assert not known_to(given[-1], second)
    assert session.scan(second, source="another").verdict.verdict_class is VerdictClass.ACCEPT
    assert known_to(given[-1], second)


def test_a_session_refuses_a_removed_key_although_it_knew_the_credential(
    contexts: tuple[Running, Session, list[Context]],
) -> None:
    running, session, _ = contexts
    world, issued = running.world, running.world.credential()
    session.scan(session_code(running, issued), source="scanner")
    mirror = running.publish()
    left = tuple(each for each in world.anchors() if each.key != issued.issuer.public_key)
    (running.published / "trust.cbor").write_bytes(world.trust_bytes(left, seq=2))
    assert "trust" in session.sync(mirror).taken_in
    verdict = session.scan(session_code(running, issued), source="scanner").verdict
    assert [each.code for each in verdict.findings] == [Code.E_ISSUER_UNKNOWN]


def test_an_exercise_neither_uses_nor_fills_it(contexts: tuple[Running, Session, list[Context]]) -> None:
    running, session, given = contexts
    text = session_code(running, running.world.credential())
    session.exercise(text, at=UnixTime(running.world.clock.at))
    assert not known_to(given[-1], text)
    session.scan(text, source="scanner")
    assert known_to(given[-1], text)
    session.exercise(text, at=UnixTime(running.world.clock.at))
    assert not known_to(given[-1], text)
