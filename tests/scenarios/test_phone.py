"""The demonstration phone's acts over HTTP: show, several, portrait, read, answer, short code; each by its JSON."""

from dataclasses import replace
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from PIL import Image

from demo.handset import Phone
from demo.phone import create_app
from demo.scene import Matrix
from protocol import directory, sealing
from protocol.directory import PurposeItems, Site
from protocol.labels import Purpose
from protocol.qr import animated
from protocol.qr.animated import Assembled, Assembler
from tests.wallet.asked import BOTH, Terminal
from tests.wallet.conftest import ManualClock
from tests.wallet.issued import ID_CARD, ID_KIND, ID_VALUES, MAXIMA, VALUES, VCT, Authority, encoded, holder_key
from tests.wallet.test_moving import WEBP
from tests.wallet.test_requests import SHORT
from wallet_sdk import Wallet, drawing

DRIVING, ID = "31000026A7", "31000026ID"


class Screen:
    """What stands in front of the camera."""

    def __init__(self) -> None:
        self.matrix: Matrix | None = None

    def hold_up(self, matrix: Matrix) -> None:
        self.matrix = matrix

    def take_away(self) -> None:
        self.matrix = None


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def authority() -> Authority:
    return Authority()


@pytest.fixture
def screen() -> Screen:
    return Screen()


@pytest.fixture
def phone(tmp_path: Path, clock: ManualClock, screen: Screen, authority: Authority) -> Phone:
    wallet = Wallet.create(tmp_path / "wallet", clock=clock)
    phone = Phone(tmp_path / "wallet", screen, clock)  # type: ignore[arg-type]  # a screen without a film
    holder = holder_key(wallet.public_key())
    window = PurposeItems(frozenset({1, 2, 7}), frozenset({3, 13, 14}))
    driving = authority.package(
        holder,
        values={**VALUES, 14: sha256(WEBP).digest()},
        listed=lambda good: replace(good, maxima={**MAXIMA, (VCT, Purpose.WINDOW): window}),
    )
    phone.receive(encoded(authority.other_package(holder, ID_KIND, ID_VALUES, ID)))
    phone.receive(encoded(replace(driving, portrait=WEBP)))
    return phone


@pytest.fixture
def client(phone: Phone) -> FlaskClient:
    app = create_app(phone, None, csrf="token", embedded_in="http://127.0.0.1")  # type: ignore[arg-type]  # no film here
    client = app.test_client()
    client.environ_base["HTTP_X_CSRF_TOKEN"] = "token"
    return client


def act(client: FlaskClient, name: str, **body: Any) -> Any:
    answer = client.post(f"/act/{name}", json=body)
    assert answer.status_code == 200, answer.json
    return answer.json


def text_of(phone: Phone) -> str:
    assert phone._held is not None
    return phone._held.text


def test_several_cards_in_one_act(client: FlaskClient, phone: Phone, screen: Screen, authority: Authority) -> None:
    said = act(client, "show", purpose="window", items={ID: ["name", "citizen_id", "valid_to"], DRIVING: ["name"]})
    assert said["linked"] is False
    assert "one person's" in said["message"]
    presentations = Terminal(authority).reads(text_of(phone))
    assert len(presentations) == 2
    assert screen.matrix == drawing.modules(text_of(phone))
    act(client, "away")
    assert screen.matrix is None


def test_reading_shows_who_asks_and_nothing_else(client: FlaskClient, phone: Phone, authority: Authority) -> None:
    said = act(client, "read", challenge=Terminal(authority).asks(BOTH))["request"]
    assert (said["relying_party"], said["asker"]) == ("虚构市车管所", "310000-W07")
    assert (said["purpose"]["zh_hans"], said["reason"]) == ("服务窗口", "换领驾驶证")
    assert [card["id"] for card in said["cards"]] == [ID, DRIVING]
    assert [card["links"] for card in said["cards"]] == ["citizen_id", "citizen_id"]
    assert phone._held is None
    typed = act(client, "read", code=SHORT, purpose="window", items={DRIVING: None})["request"]
    assert (typed["place"], typed["asker"]) == ("虚构市政务大厅", "NF6Y")
    assert typed["cautions"][0]["code"] == "dictated-code"
    assert "诈骗" in typed["cautions"][0]["zh"]
    assert phone._held is None


def test_an_answer_is_held_up_until_its_request_is_over(
    client: FlaskClient, phone: Phone, authority: Authority, clock: ManualClock, screen: Screen
) -> None:
    terminal = Terminal(authority)
    said = act(client, "answer", challenge=terminal.asks(BOTH), items=None)
    assert said["linked"] is True
    assert "虚构市车管所" in said["message"]
    assert len(terminal.reads(text_of(phone))) == 2
    act(client, "answer", challenge=terminal.asks(BOTH), items={ID: ["name"]})
    (presentation,) = terminal.reads(text_of(phone))
    assert presentation.key_binding.aud == "lz:t/310000-W07"
    clock.at += 121
    phone.roll()
    assert screen.matrix is None
    assert client.get("/state").json["scene"] == "away"  # type: ignore[index]  # an object


def test_a_state_that_is_asked_after_the_end_is_away(
    client: FlaskClient, authority: Authority, clock: ManualClock
) -> None:
    act(client, "short", code=SHORT, purpose="window", items={DRIVING: None})
    assert client.get("/state").json["scene"] == "showing"  # type: ignore[index]  # an object
    clock.at += 121
    assert client.get("/state").json["scene"] == "away"  # type: ignore[index]  # an object


def test_a_short_code_is_answered_for_its_site(client: FlaskClient, phone: Phone, authority: Authority) -> None:
    act(client, "short", code=SHORT, purpose="window", items={DRIVING: ["name", "class", "valid_to"]})
    (presentation,) = Terminal(authority).reads(text_of(phone))
    assert presentation.key_binding.aud == "lz:s/NF6Y"


def test_the_portrait_moves(client: FlaskClient, phone: Phone, screen: Screen) -> None:
    act(client, "portrait", card=DRIVING, purpose="window", items=["name", "class", "valid_to", "portrait"])
    state = client.get("/state").json
    assert state is not None
    assert state["moving"] == {"pictures_per_second": 4, "round_seconds": 3.75}
    card = next(each for each in state["cards"] if each["id"] == DRIVING)
    assert card["portrait"] == "portrait"
    assert phone._held is not None
    assert phone._held.moving is not None
    assembler, seen = Assembler(), []
    for number in range(1, 16):
        phone.roll()
        picture = phone._held.moving.numbered(number)
        assert screen.matrix == drawing.modules(picture.text)
        if number % 3:
            seen.append(assembler.add(animated.read(picture.text)))
    assert isinstance(seen[-1], Assembled)
    assert seen[-1].content == WEBP


def test_what_is_too_large_for_one_code_moves(client: FlaskClient, phone: Phone, authority: Authority) -> None:
    terminal = Terminal(authority)
    asked = terminal.asks({VCT: frozenset({1, 2, 3, 7, 13}), ID_CARD: frozenset({1, 3, 7})})
    items = {DRIVING: ["name", "class", "citizen_id", "address"], ID: ["name"]}
    act(client, "answer", challenge=asked, items=items)
    assembler, seen = Assembler(), []
    for _ in range(8):
        seen.append(assembler.add(animated.read(text_of(phone))))
        phone.roll()
    assert isinstance(seen[-1], Assembled)
    content = sealing.unseal(sealing.parse(seen[-1].content), private_key=terminal.private_key)
    assert len(terminal.verifies(content)) == 2
    state = client.get("/state").json
    assert state is not None
    assert state["expires_at"] is None
    assert state["moving"]["pictures_per_second"] == 4


def test_a_newer_directory_is_taken(client: FlaskClient, authority: Authority) -> None:
    newer = replace(authority.directory(), seq=2, sites={"ZZZZ": Site("新场所", "新机关")})
    answer = client.post("/act/directory", data=directory.sign(newer, authority.root))
    assert answer.status_code == 200, answer.json
    asked = act(client, "read", code="ZZZZ000000", purpose="window", items={DRIVING: None})["request"]
    assert asked["place"] == "新场所"
    older = directory.sign(authority.directory(), authority.root)
    for wrong in (older, b"", directory.sign(newer, authority.assertion)):
        assert client.post("/act/directory", data=wrong).status_code == 409


def test_a_picture_of_a_request_is_read(client: FlaskClient, authority: Authority) -> None:
    asked = Terminal(authority).asks()
    png = drawing.png(drawing.modules(asked))
    assert client.post("/act/scan", data=png).json == {"message": "", "challenge": asked}
    blank = BytesIO()
    Image.new("L", (80, 80), 255).save(blank, "PNG")
    for wrong in (b"no picture", blank.getvalue()):
        assert client.post("/act/scan", data=wrong).status_code == 409


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("answer", {"challenge": "LC1:AB", "items": None}),
        ("short", {"code": "ZZZZ000000", "purpose": "window", "items": {DRIVING: None}}),
        ("portrait", {"card": DRIVING, "purpose": "window", "items": ["name"]}),
        ("show", {"purpose": "window", "items": {DRIVING: None}}),
    ],
)
def test_refusals_are_said_in_both_languages(name: str, body: dict[str, Any], client: FlaskClient) -> None:
    answer = client.post(f"/act/{name}", json=body)
    assert answer.status_code == 409
    assert answer.json is not None
    zh, en = answer.json["message"].split(" / ")
    assert not zh.isascii()
    assert en.isascii()
