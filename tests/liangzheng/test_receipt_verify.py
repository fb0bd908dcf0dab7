"""`liangzheng receipt verify`: what it believes, what it refuses, and that it never says more than it knows."""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from liangzheng.cli import main
from protocol import cbor, receipt, terminal_certificate
from protocol.labels import PREFIX_RECEIPT, Lic, TrustTier
from protocol.licence import catalogue
from protocol.qr import envelope
from protocol.receipt import Receipt, ReceiptCopy
from protocol.trust_list import TrustAnchor
from protocol.unixtime import DAY, HOUR, UnixTime
from tests.protocol import test_receipt
from tests.utopia.world import WUYOU, World
from tests.vectors import vector
from verifier_terminal import page_drawing
from verifier_terminal.page_drawing import Page

AT = UnixTime(int(time.time()))
"""The command has the system's clock, so everything is made now."""


@pytest.fixture(scope="module")
def world() -> World:
    return World(at=AT)


def anchor(world: World) -> TrustAnchor:
    named = vector.further_anchors(world)
    key = test_receipt.REGION.public_key
    (found,) = [each for each in named if each.key == key]
    later = UnixTime(AT + 400 * DAY)
    return replace(found, sign_until=later, verify_until=later)


@pytest.fixture
def published(world: World, tmp_path: Path) -> Path:
    made = tmp_path / "published"
    made.mkdir()
    root = world.roots[WUYOU]
    (made / "root.cbor").write_bytes(cbor.encode(root.public_key.cose_key))
    (made / "trust.cbor").write_bytes(world.trust_bytes((*world.anchors(), anchor(world))))
    (made / "catalogue.cbor").write_bytes(catalogue.sign(world.catalogue(), root))
    return made


CERTIFICATE = terminal_certificate.certify(
    replace(test_receipt.CERTIFIED, iat=UnixTime(AT - HOUR), exp=UnixTime(AT + DAY)), test_receipt.REGION
)
STATED = replace(test_receipt.RECEIPT, iat=UnixTime(AT - 60))


def signed(stated: Receipt = STATED) -> bytes:
    return receipt.sign(stated, certificate=CERTIFICATE, signer=test_receipt.TERMINAL)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "receipt.cbor"
    path.write_bytes(signed())
    return path


def verify(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["receipt", "verify", *map(str, arguments)])


def thumbprint(world: World) -> str:
    return world.roots[WUYOU].public_key.thumbprint.hex()


def test_words_for_people(file: Path, published: Path) -> None:
    ran = verify(file, "--trust", published)
    assert ran.exit_code == 0, ran.output
    first = ran.stdout.splitlines()[0]
    assert first == "VERIFIED, not anchored: the certified terminal stated this."
    for expected in (
        "990000-W07 of 乌有市车管所, 乌有市政务大厅7号窗",
        "window: 换领驾驶证",
        "accept 有效 (W_NEAR_EXPIRY, W_PERSON_CHECK)",
        "at most 1 hour old",
        "row 4711; not anchored",
        "not compared: give --root SHA256",
    ):
        assert expected in ran.stdout
    kind = World().kinds[STATED.shown[0].vct]
    name = kind.item(Lic.NAME)
    assert name is not None
    assert kind.names.zh_hans in ran.stdout
    assert name.labels.zh_hans in ran.stdout


def test_json(world: World, file: Path, published: Path) -> None:
    ran = verify(file, "--trust", published, "--root", thumbprint(world), "--json")
    said = json.loads(ran.stdout)
    assert (ran.exit_code, said["verified"], said["anchored"], said["code"]) == (0, True, False, None)
    assert said["trust"]["root_compared"] is True
    assert said["trust"]["late"] is False
    assert said["receipt"]["journal"] == [4711, STATED.journal_head.hex()]
    assert ran.stdout.isascii()


def test_a_single_trust_list_needs_a_thumbprint(world: World, file: Path, published: Path) -> None:
    without = verify(file, "--trust", published / "trust.cbor")
    assert without.exit_code == 2
    assert "--root" in without.stderr
    assert verify(file, "--trust", published / "trust.cbor", "--root", thumbprint(world).upper()).exit_code == 0


def test_another_root_verifies_nothing(file: Path, published: Path) -> None:
    ran = verify(file, "--trust", published, "--root", "00" * 32)
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert "nothing was verified" in ran.stderr


def test_a_changed_receipt_is_refused(file: Path, published: Path) -> None:
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    ran = verify(file, "--trust", published)
    assert ran.exit_code == 1
    assert ran.stdout.startswith("REFUSED E_SIG_ISSUER")
    assert "VERIFIED" not in ran.stdout
    assert json.loads(verify(file, "--trust", published, "--json").stdout)["verified"] is False


@pytest.mark.parametrize("content", [b"", b"\xff", b"LZ1:ABC", b"%PDF-1.7", bytes(20_000)])
def test_what_is_no_receipt_is_refused(file: Path, published: Path, content: bytes) -> None:
    file.write_bytes(content)
    ran = verify(file, "--trust", published)
    assert ran.exit_code == 1
    assert "REFUSED" in ran.stdout


def test_a_terminal_that_no_region_certified(file: Path, published: Path) -> None:
    forged = terminal_certificate.certify(
        replace(test_receipt.CERTIFIED, iat=UnixTime(AT - HOUR), exp=UnixTime(AT + DAY)), test_receipt.STRANGER
    )
    file.write_bytes(receipt.sign(STATED, certificate=forged, signer=test_receipt.TERMINAL))
    ran = verify(file, "--trust", published, "--json")
    assert (ran.exit_code, json.loads(ran.stdout)["code"]) == (1, "E_ISSUER_UNKNOWN")


def test_a_trust_list_without_keys_for_terminals_says_so(world: World, file: Path, published: Path) -> None:
    (published / "trust.cbor").write_bytes(world.trust_bytes())
    ran = verify(file, "--trust", published)
    assert ran.exit_code == 1
    assert "E_ISSUER_UNKNOWN" in ran.stdout
    assert "names no key for terminals" in ran.stdout


def test_a_late_trust_list_is_said(file: Path, published: Path) -> None:
    early = World(at=AT - 31 * DAY)
    (published / "trust.cbor").write_bytes(early.trust_bytes((*early.anchors(), anchor(early))))
    ran = verify(file, "--trust", published)
    assert ran.exit_code == 0
    assert "this trust list ended at" in ran.stdout


@pytest.mark.parametrize("name", ["root.cbor", "trust.cbor"])
@pytest.mark.parametrize("content", [None, b"\xff"])
def test_missing_and_damaged_trust_is_2(file: Path, published: Path, name: str, content: bytes | None) -> None:
    if content is None:
        (published / name).unlink()
    else:
        (published / name).write_bytes(content)
    ran = verify(file, "--trust", published)
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert name in ran.stderr


def test_a_missing_receipt_is_2(tmp_path: Path, published: Path) -> None:
    assert verify(tmp_path / "none.cbor", "--trust", published).exit_code == 2


@pytest.mark.parametrize("content", [None, b"\xff"])
def test_without_a_catalogue_there_are_numbers(file: Path, published: Path, content: bytes | None) -> None:
    (published / "catalogue.cbor").unlink()
    if content is not None:
        (published / "catalogue.cbor").write_bytes(content)
    ran = verify(file, "--trust", published)
    assert ran.exit_code == 0
    assert "kind 65004: item 1" in ran.stdout


@pytest.mark.parametrize(
    ("tier", "codes", "word"),
    [
        (TrustTier.AFFIRMING, (), "accept 有效"),
        (TrustTier.WARNING, ("W_STATUS_STALE",), "check 请核对 (W_STATUS_STALE)"),
        (TrustTier.CONTRAINDICATED, ("E_REVOKED",), "refuse 不予采信 (E_REVOKED)"),
    ],
)
def test_verdicts(file: Path, published: Path, tier: TrustTier, codes: tuple[str, ...], word: str) -> None:
    file.write_bytes(signed(replace(STATED, tier=tier, codes=codes, challenge=None)))
    ran = verify(file, "--trust", published)
    assert f"verdict  {word}\n" in ran.stdout
    assert "nobody: shown unasked" in ran.stdout


# The holder's copy.


@pytest.mark.parametrize(
    ("copy", "exit_code", "said"),
    [
        (ReceiptCopy(signed(), (None, bytes(32))), 0, "it belongs to this receipt"),
        (ReceiptCopy(signed(), (bytes(32), None)), 1, "its keys are not one for each licence"),
        (ReceiptCopy(signed(), (None,)), 1, "its keys are not one for each licence"),
        (ReceiptCopy(signed(replace(STATED, freshness=2)), (None, bytes(32))), 1, "it holds another receipt"),
    ],
)
def test_copies(tmp_path: Path, file: Path, published: Path, copy: ReceiptCopy, exit_code: int, said: str) -> None:
    path = tmp_path / "copy.cbor"
    path.write_bytes(receipt.encode_copy(copy))
    ran = verify(file, "--trust", published, "--copy", path)
    assert ran.exit_code == exit_code, ran.output
    assert said in ran.stdout
    assert ("VERIFIED" in ran.stdout) is (exit_code == 0)


def test_what_is_no_copy(tmp_path: Path, file: Path, published: Path) -> None:
    path = tmp_path / "copy.cbor"
    path.write_bytes(signed())
    ran = verify(file, "--trust", published, "--copy", path, "--json")
    said = json.loads(ran.stdout)
    assert (ran.exit_code, said["verified"], said["code"]) == (1, False, "COPY_DIFFERS")
    assert "E_SHAPE" in said["detail"]


def test_help_promises_nothing() -> None:
    text = " ".join(CliRunner().invoke(main, ["receipt", "verify", "--help"]).stdout.split())
    assert "never what the items said" in text
    assert "without --journal nobody has looked" in text


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_the_text_of_a_printed_slips_code_is_a_receipt(file: Path, published: Path, ending: str) -> None:
    file.write_text(envelope.wrap(file.read_bytes(), PREFIX_RECEIPT) + ending, newline="")
    ran = verify(file, "--trust", published)
    assert ran.exit_code == 0, ran.output
    assert ran.stdout.startswith("VERIFIED")


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda text: text[:-3], "E_CBOR"),
        (lambda text: text.lower(), "E_CBOR"),
        (lambda text: " " + text, "E_CBOR"),
        (lambda text: text + "\n\n", "E_B45"),
        (lambda text: text[:40] + "é" + text[41:], "E_B45"),
        (lambda text: text[:40] + ("A" if text[40] != "A" else "B") + text[41:], "E_"),
        (lambda text: "LR1:", "E_"),
    ],
)
def test_a_spoilt_slip_is_refused(file: Path, published: Path, spoil: Callable[[str], str], code: str) -> None:
    file.write_text(spoil(envelope.wrap(file.read_bytes(), PREFIX_RECEIPT)), newline="")
    ran = verify(file, "--trust", published)
    assert ran.exit_code == 1
    assert ran.stdout.startswith(f"REFUSED {code}")


def test_a_pdf_page_carries_a_receipt(file: Path, published: Path, tmp_path: Path) -> None:
    page = tmp_path / "receipt.pdf"
    page.write_bytes(page_drawing.draw(Page("核验回执", [("结果", "anything that nobody signed")], "", (), signed())))
    ran = verify(page, "--trust", published)
    assert ran.exit_code == 0, ran.output
    assert "accept 有效" in ran.stdout
    assert "anything that nobody signed" not in ran.stdout
    assert verify(page, "--trust", published, "--json").stdout == verify(file, "--trust", published, "--json").stdout


@pytest.mark.parametrize(
    ("receipt_bytes", "code"),
    [(None, "E_SHAPE"), (signed()[:-1] + bytes([signed()[-1] ^ 1]), "E_SIG_ISSUER"), (b"x", "E_CBOR")],
    ids=["none", "a changed byte", "no receipt"],
)
def test_a_page_without_a_good_receipt_is_refused(
    published: Path, tmp_path: Path, receipt_bytes: bytes | None, code: str
) -> None:
    page = tmp_path / "receipt.pdf"
    page.write_bytes(page_drawing.draw(Page("核验回执", (), "", (), receipt_bytes)))
    ran = verify(page, "--trust", published, "--json")
    assert ran.exit_code == 1
    assert json.loads(ran.stdout)["code"].startswith(code)
