"""The TypeScript wallet where there is nothing but the language: it holds what Python issues, and Python reads it."""

import gzip
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from protocol import cbor, licence_package
from protocol.keys import Ed25519Signer
from protocol.labels import Purpose
from protocol.qr import animated
from protocol.qr.animated import Assembled, Assembler
from tests.wallet_js.conftest import JS
from wallet_sdk.testing import FakeClock, TestIssuer, VirtualCounter

ALGS = {"p256": -9, "ed25519": -19}
SECRET = "07" * 32


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def issuer(clock: FakeClock) -> TestIssuer:
    return TestIssuer(clock, failures=0)


@pytest.fixture
def ask(built: Path, clock: FakeClock) -> Callable[..., Any]:
    """What the wallet in a bare context answers."""

    def ask(alg: str = "p256", **given: Any) -> Any:
        asked = {"alg": ALGS[alg], "secret": SECRET, "now": clock(), "purpose": "window", "random": "09" * 32} | given
        command = ["node", str(JS / "tools" / "inBareContext.mjs"), str(built / "miniprogram.js")]
        done = subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-3_000:]
        return json.loads(done.stdout)

    return ask


def test_the_core_is_small(built: Path) -> None:
    """30 kB for a web wallet: protocol, receiving, consent, codes, drawing, errors in three languages."""
    loaded, waiting = set(), {"wallet.mjs"}
    while waiting:
        name = waiting.pop()
        loaded.add(name)
        waiting |= set(re.findall(r'from"\./([^"]+)"', (built / name).read_text("utf-8"))) - loaded
    assert "answering.mjs" not in loaded
    assert sum(len(gzip.compress((built / name).read_bytes(), 9)) for name in loaded) <= 30_000


@pytest.mark.parametrize("alg", ALGS)
def test_every_kind_is_held_and_shown(ask: Callable[..., Any], issuer: TestIssuer, clock: FakeClock, alg: str) -> None:
    public = bytes.fromhex(ask(alg)["publicKey"])
    packages = [issuer.issue(public, kind).hex() for kind in issuer.kinds]
    shown = ask(alg, packages=packages)
    assert shown["states"] == ["valid"] * len(packages)
    for_window = [vct for vct, purpose in issuer._listed[1] if purpose is Purpose.WINDOW]
    assert len(shown["texts"]) == len(for_window)
    assert shown["errors"] == ["PURPOSE_NOT_OFFERED"] * (len(packages) - len(for_window))
    # The clock that gives each code of one wallet a moment of its own runs ahead by a second for each.
    clock.advance(len(packages))
    counter = VirtualCounter(issuer, unread=0)
    assert [counter.read(text).reason for text in shown["texts"]] == [""] * len(for_window)


def test_only_what_was_agreed_to_is_shown(ask: Callable[..., Any], issuer: TestIssuer) -> None:
    package = issuer.issue(bytes.fromhex(ask()["publicKey"])).hex()
    (text,) = ask(packages=[package], items=["name", "licence_no"])["texts"]
    (items,) = VirtualCounter(issuer, unread=0).read(text).items
    kind = next(each for each in issuer._listed[0].values() if each.slug == "driving-licence")
    always = {item.name for item in kind.items if type(item.layout).__name__ == "Clear"} & items.keys()
    assert set(items) == {"name", "licence_no"} | always
    for wrong, code in (("colour", "ITEM_UNKNOWN"), ("first_issue", "ITEM_BEYOND_PURPOSE")):
        allowed = issuer._listed[1][kind.vct, Purpose.WINDOW]
        if wrong == "first_issue" and kind.item_named(wrong).key in allowed.optional:  # type: ignore[union-attr]
            continue
        assert ask(packages=[package], items=[wrong])["errors"] == [code]


def test_nothing_without_a_decision(ask: Callable[..., Any], issuer: TestIssuer) -> None:
    package = issuer.issue(bytes.fromhex(ask()["publicKey"])).hex()
    refused = ask(packages=[package], consent=None)
    assert (refused["texts"], refused["errors"]) == ([], ["CONSENT_MISSING"])


def test_a_code_is_redrawn_when_it_is_due(ask: Callable[..., Any], issuer: TestIssuer, clock: FakeClock) -> None:
    package = issuer.issue(bytes.fromhex(ask()["publicKey"])).hex()
    texts = ask(packages=[package], later=[0, 29, 30, 59])["texts"]
    assert texts[0] == texts[1] != texts[2] == texts[3]
    clock.advance(40)
    counter = VirtualCounter(issuer, unread=0)
    assert [counter.read(text).accepted for text in (texts[0], texts[2])] == [True, True]


def changed(package: bytes, label: int, value: cbor.Value) -> str:
    content: Any = cbor.decode(package)
    return cbor.encode({**content, label: value}).hex()


def test_a_package_is_checked_before_it_is_held(ask: Callable[..., Any], issuer: TestIssuer, clock: FakeClock) -> None:
    """One field of a good one is changed; the same errors as in Python."""
    public = bytes.fromhex(ask()["publicKey"])
    good = issuer.issue(public)
    held: Any = licence_package.decode(good)
    flexible, view = held.credentials[0], held.credentials[1]
    other = TestIssuer(clock, failures=0, root=issuer.terminals)
    cases = {
        "PACKAGE_MALFORMED": [good[:-1].hex(), changed(good, 1, 2), changed(good, 5, "ftp://x")],
        "PACKAGE_SIGNATURE_WRONG": [changed(good, 3, (flexible[:-1] + bytes([flexible[-1] ^ 1]), view))],
        "PACKAGE_DIRECTORY_REFUSED": [changed(good, 6, held.directory[:-1] + bytes([held.directory[-1] ^ 1]))],
        "PACKAGE_FOREIGN_DEVICE": [issuer.issue(cbor.encode(issuer.root.public_key.cose_key)).hex()],
        "PACKAGE_GROUP_INCONSISTENT": [changed(good, 3, (flexible, view, view))],
        "PACKAGE_PORTRAIT_WRONG": [changed(good, 4, b"picture")],
    }
    for code, packages in cases.items():
        for package in packages:
            assert ask(packages=[package])["errors"] == [code], code
    assert ask(packages=[good.hex(), other.issue(public).hex()])["errors"] == ["PACKAGE_ROOT_CHANGED"]
    assert ask(packages=[good.hex()], root="00" * 32)["errors"] == ["PACKAGE_ROOT_UNEXPECTED"]
    late = ask(packages=[good.hex()], now=clock() + 121 * 86_400)
    assert late["errors"] == ["PACKAGE_DIRECTORY_EXPIRED"]


def test_a_terminal_that_asks_gets_its_answer_sealed(
    ask: Callable[..., Any], issuer: TestIssuer, clock: FakeClock
) -> None:
    public = bytes.fromhex(ask()["publicKey"])
    packages = [issuer.issue(public, kind).hex() for kind in ("driving-licence", "id-card")]
    counter = VirtualCounter(issuer, unread=0)
    wanted = {"driving-licence": ["name", "class"], "id-card": ["name"]}
    asked = ask(packages=packages, challenges=[counter.ask(wanted)])
    assert (asked["errors"], asked["requests"]) == ([], [["测试机关", "测试办理", 2, []]])
    (text,) = asked["texts"]
    assert text.startswith("LE1:")
    answer = counter.read(text)
    assert answer.reason == ""
    assert [{"name", "class"} <= each.keys() or {"name"} <= each.keys() for each in answer.items] == [True, True]
    assert VirtualCounter(issuer, unread=0).read(text).reason == "E_CNONCE"


def test_a_challenge_that_is_not_to_be_believed_is_named_as_in_python(
    ask: Callable[..., Any], issuer: TestIssuer, clock: FakeClock
) -> None:
    package = issuer.issue(bytes.fromhex(ask()["publicKey"])).hex()
    counter = VirtualCounter(issuer, unread=0)
    wanted = {"driving-licence": ["name"]}
    good = counter.ask(wanted)
    stranger = TestIssuer(clock, failures=0, terminals=Ed25519Signer(b"\x08" * 32))
    kinds, maxima = issuer._listed
    purpose, beyond = next(
        (purpose, {kinds[vct].slug: [item.name]})
        for (vct, purpose), maximum in maxima.items()
        for item in kinds[vct].items
        if item.key not in maximum.mandatory | maximum.optional
    )
    greedy = VirtualCounter(issuer, purpose, unread=0).ask(beyond)
    for challenge, code, given in (
        (good[:-3] + "000", "CHALLENGE_FORGED", {}),
        ("LZ1:" + good[4:], "CHALLENGE_MALFORMED", {}),
        (VirtualCounter(stranger, unread=0).ask(wanted), "CHALLENGE_TERMINAL_UNKNOWN", {}),
        (greedy, "CHALLENGE_ASKS_TOO_MUCH", {}),
        (good, "CHALLENGE_OVER", {"now": clock() + 800}),
        (good, "CHALLENGE_CLOCK", {"now": clock() - 700}),
        (good, "CHALLENGE_OVER", {"after": 121}),
        (good, "CONSENT_MISSING", {"consent": None}),
    ):
        asked = {"packages": [package], "challenges": [challenge]} | given
        if "now" in given and given["now"] < clock():
            # The licence itself is from this morning.
            asked["now"] = given["now"]
        assert ask(**asked)["errors"] == [code]


def test_moving_pictures_are_put_together_by_python(ask: Callable[..., Any]) -> None:
    """From repair symbols alone, too."""
    content = bytes(range(256)) * 9
    for frames in (range(40), range(20, 60)):
        texts = ask(animate=content.hex(), frames=list(frames))["texts"]
        assembler = Assembler()
        answers = [assembler.add(animated.read(text)) for text in texts]
        assert content in [each.content for each in answers if isinstance(each, Assembled)]


def test_both_languages_say_the_same() -> None:
    program = [sys.executable, "-c", "import json, makeErrorTable; print(json.dumps(makeErrorTable.made()))"]
    made = json.loads(subprocess.run(program, cwd=JS / "tools", capture_output=True, text=True, check=True).stdout)
    assert len(made) == 4
    for place, content in made.items():
        assert (JS / place).read_text("utf-8") == content, "python wallet_sdk/js/tools/makeErrorTable.py"
