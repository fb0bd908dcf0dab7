"""`liangzheng wallet …`: what stands on stdout, what on stderr, which exit."""

import base64
import http.server
import json
import threading
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest
import zxingcpp
from click.testing import CliRunner, Result
from PIL import Image

from protocol import cbor, keys, limits, sealing, unixtime
from protocol.directory import PurposeItems
from protocol.labels import Purpose
from protocol.mandate import Mandate
from protocol.qr import animated, envelope
from protocol.qr.animated import Assembled, Assembler
from protocol.sd_cwt import key_binding
from tests.wallet.asked import BOTH, Terminal
from tests.wallet.issued import (
    AT,
    COMPANY,
    COMPANY_KIND,
    COMPANY_VALUES,
    ID_CARD,
    ID_KIND,
    ID_VALUES,
    VALUES,
    VCT,
    Authority,
    encoded,
    holder_key,
)
from tests.wallet.test_moving import WEBP
from tests.wallet.test_requests import SHORT
from wallet_sdk import config, wiring
from wallet_sdk.cli import cli
from wallet_sdk.device_key import SoftwareKey

NOW = unixtime.iso_utc(AT)


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(config.PASSPHRASE_VARIABLE, raising=False)
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(wiring, "system_clock", lambda: AT)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(each) for each in arguments], catch_exceptions=False)


def refusal(*arguments: object) -> str:
    """The code on the first line of stderr; nothing on stdout, exit 1."""
    result = run(*arguments)
    assert result.exit_code == 1
    assert result.stdout == ""
    first, hint, *_ = result.stderr.splitlines()
    assert hint.strip()
    return first.split(":")[0]


def package_for(folder: Path, authority: Authority) -> bytes:
    text = run("key", folder).stdout.strip()
    public = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    return encoded(authority.package(holder_key(public)))


@pytest.fixture
def made(folder: Path) -> Path:
    assert run("init", folder).exit_code == 0
    return folder


@pytest.fixture
def filled(made: Path, authority: Authority, tmp_path: Path) -> Path:
    (tmp_path / "licence.lz").write_bytes(package_for(made, authority))
    assert run("receive", made, tmp_path / "licence.lz").exit_code == 0
    return made


def test_init_warns_without_a_passphrase_and_only_then(folder: Path, tmp_path: Path) -> None:
    plain = run("init", folder)
    assert plain.exit_code == 0
    assert plain.stdout == ""
    assert "Warning" in plain.stderr
    assert "wallet.key" in plain.stderr
    (tmp_path / "passphrase").write_text("correct horse\n")
    guarded = run("init", tmp_path / "guarded", "--passphrase-file", tmp_path / "passphrase")
    assert guarded.exit_code == 0
    assert "Warning" not in guarded.stderr
    assert not (tmp_path / "guarded" / "wallet.key").exists()
    assert refusal("init", folder) == "WALLET_EXISTS"


def test_passphrase_from_file_and_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "passphrase").write_bytes(b"correct horse\r\nand a remark\n")
    run("init", tmp_path / "w", "--passphrase-file", tmp_path / "passphrase")
    assert refusal("key", tmp_path / "w") == "WALLET_PASSPHRASE_NEEDED"
    monkeypatch.setenv(config.PASSPHRASE_VARIABLE, "correct horse")
    assert run("key", tmp_path / "w").exit_code == 0
    monkeypatch.setenv(config.PASSPHRASE_VARIABLE, "wrong")
    assert refusal("key", tmp_path / "w") == "WALLET_PASSPHRASE_WRONG"
    assert run("key", tmp_path / "w", "--passphrase-file", tmp_path / "passphrase").exit_code == 0
    assert refusal("key", tmp_path / "w", "--passphrase-file", tmp_path / "absent") == "INPUT_UNUSABLE"


@pytest.mark.parametrize(("name", "alg"), [("p256", "ESP256"), ("ed25519", "ED25519")])
def test_key_prints_a_cose_key_alone(name: str, alg: str, folder: Path, tmp_path: Path) -> None:
    run("init", folder, "--key", name)
    printed = run("key", folder)
    assert printed.stderr == ""
    assert printed.stdout.count("\n") == 1
    text = printed.stdout.strip()
    assert "=" not in text
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    assert keys.load_cose_key(cbor.decode(raw)).alg.name == alg
    written = run("key", folder, "--out", tmp_path / "key.cbor")
    assert written.stdout == ""
    assert (tmp_path / "key.cbor").read_bytes() == raw


def test_receive_says_the_id_and_list_describes_it(made: Path, authority: Authority, tmp_path: Path) -> None:
    (tmp_path / "licence.lz").write_bytes(package_for(made, authority))
    received = run("receive", made, tmp_path / "licence.lz")
    assert received.stdout == "31000026A7\n"
    assert "--root" in received.stderr
    (entry,) = json.loads(run("list", made, "--json").stdout)
    assert entry == {
        "id": "31000026A7",
        "kind": "driving-licence",
        "state": "valid",
        "valid_from": "2026-01-01",
        "valid_to": "2032-01-01",
        "names": {"zh-Hans": "驾驶证", "zh-Hant": "駕駛證", "en": "Driving licence"},
        "issuer": "310000.GA",
        "credential_expires": "2027-03-21T16:00:00Z",
        "refresh_url": "https://issuer.example/refresh",
        "profile": "personal",
        "group": None,
        "told": None,
        "devices": [],
        "items": [
            "name", "class", "citizen_id", "licence_no", "valid_from", "valid_to", "authority", "sex", "birth_date",
            "address", "portrait",
        ],
    }  # fmt: skip
    assert json.loads(run("list", made, "--json", "--at", "2033-01-01").stdout)[0]["state"] == "expired"
    listed = run("list", made)
    assert listed.stdout.startswith("31000026A7  driving-licence  valid  2032-01-01")
    assert "suspended or revoked only its authority and terminals know" in listed.stderr
    assert run("list", made, "--json").stderr == ""
    assert "测试员甲" not in received.output + run("list", made, "--json").output


def test_list_of_an_empty_wallet_is_an_empty_list(made: Path) -> None:
    assert json.loads(run("list", made, "--json").stdout) == []
    assert run("list", made).stdout == ""
    assert "No licences yet." in run("list", made).stderr


def test_receive_checks_the_root(made: Path, authority: Authority, tmp_path: Path) -> None:
    (tmp_path / "licence.lz").write_bytes(package_for(made, authority))
    assert refusal("receive", made, tmp_path / "licence.lz", "--root", "00" * 32) == "PACKAGE_ROOT_UNEXPECTED"
    assert refusal("receive", made, tmp_path / "licence.lz", "--root", "no") == "INPUT_UNUSABLE"
    good = run("receive", made, tmp_path / "licence.lz", "--root", authority.root.public_key.thumbprint.hex())
    assert good.exit_code == 0
    assert "--root" not in good.stderr


def test_receive_of_what_is_no_package(made: Path, tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(b"\xa7" * 2_000_000)
    assert refusal("receive", made, tmp_path / "big") == "PACKAGE_MALFORMED"
    assert refusal("receive", made, tmp_path / "absent") == "INPUT_UNUSABLE"
    assert refusal("receive", made, tmp_path) == "INPUT_UNUSABLE"


def test_show_text_is_the_code_alone(filled: Path) -> None:
    result = run("show", filled, "driving-licence", "--purpose", "window", "--text")
    assert result.exit_code == 0
    assert result.stdout.endswith("\n")
    parsed = key_binding.parse(envelope.unwrap(result.stdout[:-1]))
    assert parsed.key_binding.iat == AT
    assert parsed.key_binding.aud == "lz:w"
    assert "disclosed: name-简" not in result.stderr
    assert "disclosed: Name (name), Class (class), Valid_To (valid_to)" in result.stderr
    assert "测试员甲" not in result.stderr


def test_consent_sheet_speaks_the_holders_language(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert "disclosed: name-简 (name)" in run("show", filled, "310", "--purpose", "window", "--text").stderr
    monkeypatch.setenv("LANG", "zh_TW.UTF-8")
    assert "駕駛證" in run("show", filled, "310", "--purpose", "window", "--text").stderr
    assert "此證照不能用於該場合" in run("show", filled, "310", "--purpose", "hotel", "--text").stderr


@pytest.mark.parametrize(
    ("disclose", "disclosures", "said"),
    [
        ("name,class", 0, "disclosed: Name (name), Class (class)"),
        ("name,address", 3, "disclosed: Name (name), Address (address)"),
        ("", 0, "disclosed: nothing beyond what is always shown"),
    ],
)
def test_disclose_lets_out_exactly_the_named_items(disclose: str, disclosures: int, said: str, filled: Path) -> None:
    result = run("show", filled, "310", "--purpose", "window", "--disclose", disclose, "--text")
    parsed = key_binding.parse(envelope.unwrap(result.stdout[:-1]))
    assert len(parsed.credential.encoded_disclosures) == disclosures
    assert said in result.stderr
    assert ("withheld, although mandatory here: Name (name)" in result.stderr) is (disclose == "")


def test_named_refusals_of_show(filled: Path) -> None:
    assert refusal("show", filled, "nurse", "--purpose", "window") == "LICENCE_NOT_FOUND"
    assert refusal("show", filled, "310", "--purpose", "airport") == "PURPOSE_NOT_OFFERED"
    assert refusal("show", filled, "310", "--purpose", "window", "--disclose", "nmae") == "ITEM_UNKNOWN"
    assert refusal("show", filled, "310", "--purpose", "window", "--disclose", "sex") == "ITEM_BEYOND_PURPOSE"
    unknown = run("show", filled, "310", "--purpose", "window", "--disclose", "nmae")
    assert "name, class, valid_to, citizen_id, address" in unknown.stderr
    assert refusal("show", filled, "310", "--purpose", "window", "--at", "2033-01-01T00:00:00Z") == "LICENCE_EXPIRED"


@pytest.mark.parametrize(
    "arguments",
    [
        ("--purpose", "window", "--text", "--live"),
        ("--purpose", "lunch"),
        ("--purpose", "window", "--at", "yesterday"),
        ("--purpose", "window", "--at", "1066-10-14"),
        ("--purpose", "window", "--every", "5"),
        (),
    ],
)
def test_wrong_usage_exits_2(arguments: tuple[str, ...], filled: Path) -> None:
    assert run("show", filled, "310", *arguments).exit_code == 2


MOMENT = ("--at", "2026-12-01T12:00:00Z")


def test_pictures_carry_the_text(filled: Path, tmp_path: Path) -> None:
    text = run("show", filled, "310", "--purpose", "window", "--text", *MOMENT).stdout[:-1]
    png = run("show", filled, "310", "--purpose", "window", "--png", tmp_path / "code.png", *MOMENT)
    assert png.stdout == ""
    with Image.open(BytesIO((tmp_path / "code.png").read_bytes())) as picture:
        (read,) = zxingcpp.read_barcodes(picture.convert("L"), formats=zxingcpp.BarcodeFormat.QRCodeModel2)
    # RFC 6979 signs the same content in the same way.
    assert read.text == text
    run("show", filled, "310", "--purpose", "window", "--svg", tmp_path / "code.svg")
    assert ET.fromstring((tmp_path / "code.svg").read_bytes()).tag.endswith("svg")
    unwritable = run("show", filled, "310", "--purpose", "window", "--png", tmp_path / "no" / "x")
    assert unwritable.exit_code == 1
    assert "\nINPUT_UNUSABLE: " in unwritable.stderr


def test_default_off_a_terminal_draws_one_code(filled: Path) -> None:
    result = run("show", filled, "310", "--purpose", "window")
    assert result.exit_code == 0
    assert result.stdout.count("\x1b[38;5;16;48;5;231m") == len(result.stdout.splitlines())


def test_live_rolls_until_interrupted(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moment = [int(AT)]
    monkeypatch.setattr(wiring, "system_clock", lambda: moment[0])

    def sleep(seconds: float) -> None:
        moment[0] += int(seconds)
        if moment[0] > AT + 45:
            raise KeyboardInterrupt

    monkeypatch.setattr(wiring, "system_sleep", sleep)
    result = run("show", filled, "310", "--purpose", "window", "--live", "--every", "15")
    assert result.exit_code == 0
    assert result.stderr.count("good for 60 s") == 4
    assert "\x1b[J" not in result.stdout


def test_at_makes_the_moment(filled: Path) -> None:
    result = run("show", filled, "310", "--purpose", "window", "--text", "--at", "2026-12-01T12:00:00Z")
    assert key_binding.parse(envelope.unwrap(result.stdout[:-1])).key_binding.iat == 1796126400
    local = run("show", filled, "310", "--purpose", "window", "--text", "--at", "2026-12-01T20:00:00")
    assert local.stdout == result.stdout


# Several licences, moving pictures.


@pytest.fixture
def packed(filled: Path, authority: Authority, tmp_path: Path) -> Path:
    """A wallet with a driving licence, an identity card, and a mandate for a company."""
    holder = holder_of(filled)
    scope = Mandate(3, frozenset({COMPANY}), frozenset({Purpose.KIOSK}), "310000", COMPANY)
    for number, package in enumerate((
        authority.other_package(holder, ID_KIND, ID_VALUES, "31000026ID"),
        authority.other_package(holder, COMPANY_KIND, COMPANY_VALUES, "31000026CO", mandate=scope),
    )):  # fmt: skip
        (tmp_path / f"{number}.lz").write_bytes(encoded(package))
        assert run("receive", filled, tmp_path / f"{number}.lz").exit_code == 0
    return filled


def test_show_of_several_is_a_bundle(packed: Path, authority: Authority) -> None:
    cards = ("id-card", "driving-licence")
    views = "id-card:name,id-card:citizen_id,id-card:valid_to,driving-licence:name,class,valid_to"
    result = run("show", packed, *cards, "--purpose", "window", "--disclose", views, "--text")
    presentations = Terminal(authority).reads(result.stdout[:-1])
    assert [each.credential.vct for each in presentations] == [ID_CARD, VCT]
    assert "does not prove that these licences are one person's" in result.stderr
    shown = json.loads(run("show", packed, *cards, "--purpose", "window", "--disclose", "name", "--json").stdout)
    assert shown["text"].startswith("LB1:")
    assert [each["id"] for each in shown["licences"]] == ["31000026ID", "31000026A7"]
    assert "name" in shown["licences"][0]["shown"]
    assert "citizen_id" not in shown["licences"][0]["shown"]
    unknown = run("show", packed, *cards, "--purpose", "window", "--disclose", "id-card:address")
    assert (unknown.exit_code, unknown.stderr.split(":")[0]) == (1, "ITEM_UNKNOWN")
    assert refusal("show", packed, "id-card", "id-card", "--purpose", "window") == "BUNDLE_SIZE"


def test_what_is_too_large_moves(packed: Path, authority: Authority, tmp_path: Path) -> None:
    # Without --disclose the identifier that links is proposed, which the views of the two do not both have.
    (tmp_path / "twin.lz").write_bytes(encoded(replace(authority.package(holder_of(packed)), licence_id="31000099Z9")))
    run("receive", packed, tmp_path / "twin.lz")
    arguments = ("31000026A7", "31000099Z9", "31000026ID", "--purpose", "window", "--disclose")
    result = run("show", packed, *arguments, "name,citizen_id,address", "--text")
    assert result.exit_code == 0, result.stderr
    assert "Moving pictures: 8 a second" in result.stderr
    assembler = Assembler()
    for line in result.stdout.splitlines():
        done = assembler.add(animated.read(line))
    assert isinstance(done, Assembled)
    assert len(Terminal(authority).verifies(done.content)) == 3
    told = json.loads(run("show", packed, *arguments, "name,citizen_id,address", "--json").stdout)
    assert told["pictures_per_second"] == 8
    assert len(told["pictures"]) == round(told["round_seconds"] * 8)


def holder_of(folder: Path) -> keys.VerificationKey:
    text = run("key", folder).stdout.strip()
    return holder_key(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def test_portrait_moves_with_the_code(made: Path, authority: Authority, tmp_path: Path) -> None:
    package = authority.package(
        holder_of(made),
        values={**VALUES, 14: sha256(WEBP).digest()},
        listed=lambda good: replace(
            good, maxima={(VCT, Purpose.WINDOW): PurposeItems(frozenset({1, 2, 7}), frozenset({14}))}
        ),
    )
    (tmp_path / "p.lz").write_bytes(encoded(replace(package, portrait=WEBP)))
    run("receive", made, tmp_path / "p.lz")
    arguments = ("show", made, "310", "--purpose", "window", "--portrait")
    assert refusal(*arguments) == "PORTRAIT_NOT_AGREED"
    result = run(*arguments, "--disclose", "name,portrait", "--text")
    lines = result.stdout.splitlines()
    assert len(lines) == 15
    assert {line[:4] for line in lines[::3]} == {"LZ1:"}
    assembler = Assembler()
    for number, line in enumerate(lines):
        if number % 3:
            done = assembler.add(animated.read(line))
    assert isinstance(done, Assembled)
    assert done.content == WEBP
    assert run(*arguments, "--disclose", "name,portrait", "--png", tmp_path / "code.png").exit_code == 0
    written = sorted(path.name for path in tmp_path.glob("code-*.png"))
    assert written == [f"code-{number:03}.png" for number in range(15)]
    with Image.open(BytesIO((tmp_path / "code-001.png").read_bytes())) as picture:
        (read,) = zxingcpp.read_barcodes(picture.convert("L"), formats=zxingcpp.BarcodeFormat.QRCodeModel2)
    assert read.text == lines[1]


def test_list_says_which_card_is_a_mandate(packed: Path) -> None:
    by_id = {each["id"]: each for each in json.loads(run("list", packed, "--json").stdout)}
    assert by_id["31000026CO"]["mandate"] == {"level": 3, "purposes": ["kiosk"], "until": "2027-02-19T16:00:00Z"}
    assert "mandate" not in by_id["31000026A7"]
    assert "(mandate, level 3)" in run("list", packed).stdout
    assert refusal("show", packed, "31000026CO", "--purpose", "window") == "MANDATE_SCOPE"
    shown = run("show", packed, "31000026CO", "--purpose", "kiosk", "--text")
    assert "mandate: for 虚构贸易有限公司 (agent)" in shown.stderr


# Answers.


def test_answer_to_a_challenge_from_text_file_and_pipe(packed: Path, authority: Authority, tmp_path: Path) -> None:
    terminal = Terminal(authority)
    asked = terminal.asks()
    (tmp_path / "request.txt").write_text(asked + "\n")
    for given in (asked, tmp_path / "request.txt"):
        result = run("answer", packed, "--challenge", given, "--yes", "--text")
        assert result.exit_code == 0
        (presentation,) = terminal.reads(result.stdout[:-1])
        assert presentation.key_binding.aud == "lz:t/310000-W07"
        for said in ("虚构市车管所", "7号窗", "换领驾驶证", "needed: Name (name)", "disclosed: Name (name)"):
            assert said in result.stderr
        assert "测试员甲" not in result.stderr
    piped = CliRunner().invoke(
        cli, ["answer", str(packed), "--challenge", "-", "--yes", "--text"], input=asked, catch_exceptions=False
    )
    assert piped.stdout.startswith("LE1:")


def test_nothing_is_signed_without_yes(packed: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SoftwareKey, "sign", lambda key, message: pytest.fail("it signed"))
    asked = Terminal(authority).asks()
    refused = run("answer", packed, "--challenge", asked, "--text")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "CONSENT_MISSING" in refused.stderr
    looked = run("answer", packed, "--challenge", asked, "--dry-run", "--json")
    assert json.loads(looked.stdout) == {
        "relying_party": "虚构市车管所",
        "place": "虚构市政务大厅7号窗",
        "region": "310000",
        "terminal": "310000-W07",
        "site": None,
        "purpose": "window",
        "reason": "换领驾驶证",
        "expires_at": "2026-11-22T01:02:00Z",
        "cautions": [],
        "licences": [
            {
                "id": "31000026A7",
                "kind": "driving-licence",
                "state": "valid",
                "mandatory": ["name", "class", "valid_to"],
                "optional": ["address"],
                "separate_consent": [],
                "always_shown": ["valid_from", "authority"],
                "missing": [],
            }
        ],
        "not_held": [],
    }


def test_answer_lets_out_the_named_items_of_the_named_card(packed: Path, authority: Authority, tmp_path: Path) -> None:
    terminal = Terminal(authority)
    asked = terminal.asks(BOTH)
    both = json.loads(run("answer", packed, "--challenge", asked, "--yes", "--json").stdout)
    assert both["linked"] is True
    assert len(terminal.reads(both["text"])) == 2
    result = run("answer", packed, "--challenge", asked, "--card", "id-card", "--item", "name", "--yes", "--json")
    one = json.loads(result.stdout)
    (presentation,) = terminal.reads(one["text"])
    assert presentation.credential.vct == ID_CARD
    assert [each["shown"] for each in one["licences"]] == [["name", "valid_to"]]
    arguments = ("answer", packed, "--challenge", asked, "--yes")
    picture = run(*arguments, "--item", "driving-licence:name", "--item", "id-card:name", "--png", tmp_path / "a.png")
    assert picture.exit_code == 0
    with Image.open(BytesIO((tmp_path / "a.png").read_bytes())) as drawn:
        (read,) = zxingcpp.read_barcodes(drawn.convert("L"), formats=zxingcpp.BarcodeFormat.QRCodeModel2)
    assert len(terminal.reads(read.text)) == 2


def test_an_answer_that_is_too_large_moves(packed: Path, authority: Authority) -> None:
    terminal = Terminal(authority)
    asked = terminal.asks({VCT: frozenset({1, 2, 3, 7, 13}), ID_CARD: frozenset({1, 3, 7})})
    items = ("--item", "driving-licence:address", "--item", "name", "--item", "driving-licence:citizen_id")
    result = run("answer", packed, "--challenge", asked, *items, "--yes", "--text")
    assert result.exit_code == 0, result.stderr
    assert "Moving pictures" in result.stderr
    assembler = Assembler()
    for line in result.stdout.splitlines():
        done = assembler.add(animated.read(line))
    assert isinstance(done, Assembled)
    content = sealing.unseal(sealing.parse(done.content), private_key=terminal.private_key)
    assert len(terminal.verifies(content)) == 2
    told = json.loads(run("answer", packed, "--challenge", asked, *items, "--yes", "--json").stdout)
    assert (told["linked"], told["request"]["terminal"]) == (False, "310000-W07")
    assert len(told["pictures"]) == len(result.stdout.splitlines())


def test_answer_to_a_short_code_warns(packed: Path, authority: Authority) -> None:
    result = run(
        "answer", packed, "--short", f"{SHORT[:4]}-{SHORT[4:]}", "--card", "driving-licence", "--yes", "--text"
    )
    (presentation,) = Terminal(authority).reads(result.stdout[:-1])
    assert presentation.key_binding.aud == "lz:s/NF6Y"
    assert "虚构市政务大厅" in result.stderr
    assert "by telephone, text message or chat is a fraud" in result.stderr
    assert run("answer", packed, "--short", SHORT, "--yes").exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--challenge", "LC1:AB"), "CHALLENGE_MALFORMED"),
        (("--challenge", "absent.txt"), "INPUT_UNUSABLE"),
        (("--short", "NF6Y", "--card", "310"), "SHORT_CODE_MALFORMED"),
        (("--short", "ZZZZ000000", "--card", "31000026A7"), "SHORT_CODE_SITE_UNKNOWN"),
        (("--short", SHORT, "--card", "nurse"), "LICENCE_NOT_FOUND"),
        (("--short", SHORT, "--card", "31000026A7", "--purpose", "hotel"), "PURPOSE_NOT_OFFERED"),
    ],
)
def test_named_refusals_of_answer(arguments: tuple[str, ...], code: str, packed: Path) -> None:
    if "310" in arguments:
        assert refusal("answer", packed, *arguments, "--yes") == "LICENCE_AMBIGUOUS"
        arguments = ("--short", "NF6Y", "--card", "31000026A7")
    assert refusal("answer", packed, *arguments, "--yes") == code


def test_refusals_that_follow_the_sheet(packed: Path, authority: Authority) -> None:
    asked = Terminal(authority).asks()
    for arguments, code in (
        (("--item", "citizen_id"), "ITEM_UNKNOWN"),
        (("--card", "id-card"), "CONSENT_MISMATCH"),
    ):
        result = run("answer", packed, "--challenge", asked, *arguments, "--yes", "--text")
        assert (result.exit_code, result.stdout) == (1, "")
        assert f"\n{code}: " in result.stderr
    late = run("answer", packed, "--challenge", asked, "--yes", "--text", "--at", "2026-11-22T01:20:00Z")
    assert late.stderr.startswith("CHALLENGE_OVER: ")
    behind = run("answer", packed, "--challenge", asked, "--yes", "--text", "--at", "2026-11-22T00:49:59Z")
    assert behind.stderr.startswith("CHALLENGE_CLOCK: ")


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--challenge", "x", "--short", "y"),
        ("--challenge", "x", "--purpose", "window"),
        ("--challenge", "x", "--text", "--json"),
        ("--challenge", "x", "--dry-run", "--text"),
    ],
)
def test_wrong_usage_of_answer_exits_2(arguments: tuple[str, ...], packed: Path) -> None:
    assert run("answer", packed, *arguments).exit_code == 2


def test_help_has_examples() -> None:
    for command in ("show", "answer"):
        said = run(command, "--help").stdout
        assert said.count("liangzheng wallet " + command) >= 4


# Downloads.


@contextmanager
def server(answer: Callable[[http.server.BaseHTTPRequestHandler], None]) -> Iterator[str]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        def log_message(self, *_: object) -> None:
            """Tests print nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as serving:
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{serving.server_address[1]}"
        finally:
            serving.shutdown()
            thread.join()


def send(handler: http.server.BaseHTTPRequestHandler, content: bytes, *, status: int = 200, location: str = "") -> None:
    handler.send_response(status)
    if location:
        handler.send_header("Location", location)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    try:
        handler.wfile.write(content)
    except OSError:
        # The client stops reading what is too large.
        return


def test_receive_from_an_address(made: Path, authority: Authority) -> None:
    package = package_for(made, authority)

    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        if handler.path == "/moved":
            send(handler, b"", status=302, location="/licence")
        else:
            send(handler, package)

    with server(answer) as address:
        assert run("receive", made, f"{address}/moved").stdout == "31000026A7\n"


@pytest.mark.parametrize(
    ("path", "expected", "said"),
    [
        ("/elsewhere", "PACKAGE_DOWNLOAD", "another host"),
        ("/circle", "PACKAGE_DOWNLOAD", "302"),
        ("/absent", "PACKAGE_DOWNLOAD", "404"),
        ("/huge", "PACKAGE_MALFORMED", str(limits.MAX_PACKAGE_BYTES)),
        ("/page", "PACKAGE_MALFORMED", "E_CBOR"),
    ],
)
def test_hostile_servers_are_named(path: str, expected: str, said: str, made: Path) -> None:
    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        match handler.path:
            case "/elsewhere":
                send(handler, b"", status=302, location="http://localhost:9/licence")
            case "/circle":
                send(handler, b"", status=302, location="/circle")
            case "/huge":
                send(handler, b"\x00" * 3_000_000)
            case "/page":
                send(handler, b"<html>")
            case _:
                send(handler, b"", status=404)

    with server(answer) as address:
        result = run("receive", made, address + path)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"{expected}: ")
    assert said in result.stderr.splitlines()[0]


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:9/x", "http://user:secret@127.0.0.1/x", "http:///x", "http://[x"]
)
def test_unusable_addresses_are_named(address: str, made: Path) -> None:
    assert refusal("receive", made, address) == "PACKAGE_DOWNLOAD"
