"""A licence with a portrait: what picture may be one, its digest signed, its bytes handed out, and to whom not."""

import base64
import io
from hashlib import sha256
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from PIL import Image

from demo import portrait as drawn
from issuer import portrait
from issuer.application import Issuer
from issuer.cli import cli
from issuer.config import PASSPHRASE_VARIABLE
from issuer.errors import IssuanceInterrupted, PortraitRefused
from issuer.issuance import Issued
from issuer.mandates.issuing import Wish
from protocol import licence_package, limits
from protocol.labels import Alg, Lic, Purpose
from tests.issuer.builders import (
    AT,
    BUSINESS,
    DRIVING,
    ID_CARD,
    OPERATOR,
    holder_key,
    key_text,
    made,
    randomness,
    written,
)
from tests.issuer.test_register import ADDED, drop
from wallet_sdk import held_credential, moving_code, receiving
from wallet_sdk.device_key import SoftwareKey
from wallet_sdk.holdings import Holdings

FACE = drawn.webp()
DIGEST = sha256(FACE).digest()
EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "portrait.webp"


def picture(kind: str, *, size: tuple[int, int] = (90, 120), **options: Any) -> bytes:
    saved = io.BytesIO()
    Image.new("L", size, 128).save(saved, kind, **options)
    return saved.getvalue()


def noise() -> bytes:
    """A WebP that is a good picture in everything but its length."""
    pixels = np.frombuffer(randomness(7)(120 * 90), np.uint8).reshape(120, 90)
    return cv2.imencode(".webp", pixels, [cv2.IMWRITE_WEBP_QUALITY, 100])[1].tobytes()


def animation() -> bytes:
    frames = [Image.new("L", (90, 120), shade) for shade in (0, 255)]
    saved = io.BytesIO()
    frames[0].save(saved, "WEBP", save_all=True, append_images=frames[1:])
    return saved.getvalue()


def with_exif(kind: str) -> bytes:
    exif = Image.Exif()
    exif[0x010E] = "a place"
    return picture(kind, exif=exif)


def padded(face: bytes, length: int) -> bytes:
    """The same picture, filled up to a length by a chunk of its container that nobody reads (RFC 9649 section 2.3)."""
    rest = length - len(face) - 8
    whole = face[8:] + b"fill" + rest.to_bytes(4, "little") + bytes(rest)
    return b"RIFF" + len(whole).to_bytes(4, "little") + whole


def flexible(issued: Issued) -> dict[int, Any]:
    package = licence_package.decode(issued.package)
    return {key: item.value for key, item in held_credential.read(package.credentials[0]).items.items()}


@pytest.mark.parametrize(("slug", "subject"), [("driving-licence", DRIVING), ("id-card", ID_CARD)])
def test_the_digest_is_signed_and_the_picture_reaches_the_wallet(
    issuer: Issuer, slug: str, subject: dict[str, Any]
) -> None:
    issued = issuer.issue(slug, subject, holder_key(), at=AT, portrait=FACE)
    assert licence_package.decode(issued.package).portrait == FACE
    assert flexible(issued)[Lic.PORTRAIT_SHA256] == DIGEST
    # Views stay as they are: a portrait is agreed to item by item.
    views = licence_package.decode(issued.package).credentials[1:]
    assert all(Lic.PORTRAIT_SHA256 not in held_credential.read(view).items for view in views)
    holdings = Holdings(SoftwareKey(Alg.ESP256, (1).to_bytes(32)), {}, {})
    held, _ = receiving.receive(issued.package, holdings, at=AT, root=issuer.root.thumbprint)
    assert held.licences[issued.licence_id].portrait == FACE
    # Kinds with a known type code get an identifier besides.
    kept = dict(issuer.licence(issued.licence_id).subject)
    assert (kept.pop("identifier", None) is not None) == (slug == "id-card")
    assert kept == subject | {"portrait": DIGEST.hex()}


def test_without_a_picture_there_is_neither_item_nor_picture(issuer: Issuer) -> None:
    issued = issuer.issue("id-card", ID_CARD, holder_key(), at=AT)
    assert licence_package.decode(issued.package).portrait is None
    assert Lic.PORTRAIT_SHA256 not in flexible(issued)
    assert licence_package.decode(issuer.issue_again(issued.licence_id, holder_key(2), at=AT).package).portrait is None


def test_the_next_device_has_the_portrait_too(tmp_path: Path) -> None:
    with made(tmp_path / "i") as issuer:
        first = issuer.issue("id-card", ID_CARD, holder_key(1), at=AT, portrait=FACE)
        issuer.issue("id-card", ID_CARD, holder_key(3), at=AT, portrait=picture("WEBP"))
    with Issuer.open(tmp_path / "i", passphrase=None, random_bytes=randomness(2)) as issuer:
        again = issuer.issue_again(first.licence_id, holder_key(2), at=AT)
    assert (licence_package.decode(again.package).portrait, flexible(again)[Lic.PORTRAIT_SHA256]) == (FACE, DIGEST)


def test_an_interrupted_licence_keeps_its_portrait(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr("issuer.issuance.credential.sign", lambda *_, **__: 1 / 0)
        with pytest.raises(IssuanceInterrupted):
            issuer.issue("id-card", ID_CARD, holder_key(), at=AT, portrait=FACE)
    (record,) = issuer.list()
    again = issuer.issue_again(record.id, holder_key(), at=AT)
    assert (licence_package.decode(again.package).portrait, flexible(again)[Lic.PORTRAIT_SHA256]) == (FACE, DIGEST)


def test_a_register_from_before_portraits_takes_them(tmp_path: Path) -> None:
    with made(tmp_path / "i") as issuer:
        old = issuer.issue("id-card", ID_CARD, holder_key(1), at=AT).licence_id
    drop(tmp_path / "i", *ADDED)
    with Issuer.open(tmp_path / "i", passphrase=None, random_bytes=randomness(2)) as issuer:
        new = issuer.issue("id-card", ID_CARD, holder_key(2), at=AT, portrait=FACE).licence_id
        again = [issuer.issue_again(each, holder_key(3), at=AT).package for each in (old, new)]
    assert [licence_package.decode(each).portrait for each in again] == [None, FACE]


def test_an_agent_carries_no_portrait(issuer: Issuer) -> None:
    licence = issuer.issue("id-card", ID_CARD, holder_key(), at=AT, portrait=FACE).licence_id
    wish = Wish(licence, 1, None, frozenset({Purpose.WINDOW}), None, 30, None)
    mandate = issuer.mandates.issue(wish, holder_key(5), actor="test", at=AT)
    assert licence_package.decode(mandate.package).portrait is None
    shown = flexible(mandate)
    assert {Lic.NAME, Lic.CITIZEN_ID, Lic.SEX} < shown.keys()
    assert Lic.PORTRAIT_SHA256 not in shown


@pytest.mark.parametrize("size", [(60, 60), (90, 120), (120, 160), (480, 480)])
@pytest.mark.parametrize("kind", ["WEBP", "AVIF"])
def test_pictures_that_wallets_can_show(kind: str, size: tuple[int, int]) -> None:
    good = picture(kind, size=size)
    assert portrait.digest_of(good) == sha256(good).hexdigest()
    assert moving_code.checked_portrait(good) == good


def test_the_largest_is_one_that_wallets_show() -> None:
    largest = padded(picture("WEBP"), limits.MAX_PORTRAIT_BYTES)
    assert len(largest) == limits.MAX_PORTRAIT_BYTES <= moving_code.MAX_PORTRAIT_BYTES
    assert portrait.digest_of(largest) == sha256(largest).hexdigest()
    with pytest.raises(PortraitRefused, match=r"has 4,097 bytes; at most 4,096"):
        portrait.digest_of(padded(picture("WEBP"), limits.MAX_PORTRAIT_BYTES + 1))


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (b"", "neither WebP nor AVIF"),
        (picture("JPEG"), "neither WebP nor AVIF"),
        (picture("PNG"), "neither WebP nor AVIF"),
        (picture("JPEG").ljust(5_000_000, b"\0"), "neither WebP nor AVIF"),
        (b"RIFX" + FACE[4:], "neither WebP nor AVIF"),
        (FACE[:8] + b"WAVE" + FACE[12:], "neither WebP nor AVIF"),
        (picture("AVIF").replace(b"avif", b"heic"), "neither WebP nor AVIF"),
        (noise(), "bytes; at most 4,096"),
        (FACE[:12], "cannot be decoded"),
        (FACE[: len(FACE) // 2], "cannot be decoded"),
        (FACE[:12] + bytes(len(FACE) - 12), "cannot be decoded"),
        (picture("AVIF")[:-9], "cannot be decoded"),
        (picture("WEBP", size=(59, 120)), "59 × 120 pixels; 60 to 480 each way"),
        (picture("WEBP", size=(90, 481)), "90 × 481 pixels"),
        (picture("WEBP", size=(16_000, 60)), "16000 × 60 pixels"),
        (animation(), "moves"),
        (with_exif("WEBP"), r"metadata \(exif\)"),
        (with_exif("AVIF"), r"metadata \(exif\)"),
        (picture("WEBP", xmp=b"<x:xmpmeta/>"), r"metadata \(xmp\)"),
    ],
)
def test_what_is_no_portrait_is_named_and_nothing_is_recorded(issuer: Issuer, wrong: bytes, why: str) -> None:
    with pytest.raises(PortraitRefused, match=why) as refused:
        issuer.issue("driving-licence", DRIVING, holder_key(), at=AT, portrait=wrong)
    assert "WebP or AVIF of 90 × 120" in refused.value.hint
    assert issuer.list() == ()
    assert issuer.open_intents() == ()


@pytest.mark.parametrize(
    ("slug", "subject", "face", "why"),
    [
        ("id-card", ID_CARD | {"portrait": "ab" * 32}, FACE, "another portrait's digest"),
        ("id-card", ID_CARD | {"portrait": DIGEST.hex().upper()}, FACE, "another portrait's digest"),
        ("id-card", ID_CARD | {"portrait": None}, FACE, "another portrait's digest"),
        ("id-card", ID_CARD | {"portrait": DIGEST.hex()}, None, "no picture came with it"),
        ("business-licence", BUSINESS, FACE, "a business-licence has no portrait"),
    ],
)
def test_a_digest_and_a_picture_belong_together(
    issuer: Issuer, slug: str, subject: dict[str, Any], face: bytes | None, why: str
) -> None:
    with pytest.raises(PortraitRefused, match=why):
        issuer.issue(slug, subject, holder_key(), at=AT, portrait=face)
    assert issuer.list() == ()
    good = issuer.issue("id-card", ID_CARD | {"portrait": DIGEST.hex()}, holder_key(), at=AT, portrait=FACE)
    assert flexible(good)[Lic.PORTRAIT_SHA256] == DIGEST


def test_the_command_takes_a_file(tmp_path: Path) -> None:
    def run(*arguments: object) -> Any:
        return CliRunner().invoke(cli, [str(each) for each in arguments], env={PASSPHRASE_VARIABLE: ""})

    assert run("init", tmp_path / "i", "--region", "310000").exit_code == 0
    subject = written(tmp_path / "subject.json", DRIVING | {"valid_to": "2099-12-31"})
    issue = ("issue", tmp_path / "i", "--kind", "driving-licence", "--subject", subject, "--holder-key", key_text())
    done = run(*issue, "--portrait", EXAMPLE, "--out", tmp_path / "licence.lz")
    assert done.exit_code == 0, done.output
    assert licence_package.decode((tmp_path / "licence.lz").read_bytes()).portrait == EXAMPLE.read_bytes()

    photo = tmp_path / "photo.jpg"
    photo.write_bytes(picture("JPEG").ljust(300_000, b"\0"))
    refused = run(*issue, "--portrait", photo)
    assert refused.exit_code == 1
    assert "neither WebP nor AVIF" in refused.output
    assert "cwebp" in refused.output
    missing = run(*issue, "--portrait", tmp_path / "none.webp")
    assert missing.exit_code == 1
    assert "cannot read none.webp" in missing.output


def test_the_web_takes_base64(client: FlaskClient, issuer: Issuer) -> None:
    body = {"kind": "driving-licence", "subject": DRIVING, "holder_key": key_text()}

    def post(face: object) -> Any:
        return client.post("/api/v1/licences", json=body | {"portrait": face}, headers=OPERATOR)

    answer = post(base64.b64encode(FACE).decode())
    assert answer.status_code == 201
    package = client.get(answer.get_json()["package_url"]).get_data()
    assert licence_package.decode(package).portrait == FACE
    for face, status, error in (
        (7, 400, "malformed"),
        (None, 400, "malformed"),
        ("not base64!", 400, "malformed"),
        (base64.b64encode(FACE).decode() + "\n", 400, "malformed"),
        (base64.b64encode(picture("PNG")).decode(), 422, "portrait_refused"),
    ):
        wrong = post(face)
        assert (wrong.status_code, wrong.get_json()["error"]) == (status, error)
        assert {"message", "hint"} <= set(wrong.get_json())
    assert len(issuer.list()) == 1


def test_the_example_is_the_drawn_face() -> None:
    """Other builds of the encoder may write other bytes; what they show is the same within rounding."""
    shown = [np.asarray(Image.open(io.BytesIO(each)).convert("L"), np.int16) for each in (EXAMPLE.read_bytes(), FACE)]
    assert shown[0].shape == (120, 90)
    assert np.abs(shown[0] - shown[1]).max() <= 8
    assert portrait.digest_of(EXAMPLE.read_bytes())
    assert len(EXAMPLE.read_bytes()) < 1_000
