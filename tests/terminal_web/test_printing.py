"""The print route: what it asks of the printer, what it says when the printer cannot, and who may use it."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from flask.testing import FlaskClient

from hardware import output_errors
from hardware.devices import Connected, Lost, LostReason
from hardware.errors import DeviceForbidden, HardwareError
from tests.terminal_web.test_routes import ORIGIN, OWN
from tests.terminal_web.twin import NOW, REASONS, SETTINGS, TwinSession
from verifier_terminal.errors import CertificateUnusable, NoReceipt, OutOfOrder, UnknownCheckNumber
from verifier_terminal.web.app import create_app
from verifier_terminal.web.notices import device_json

PATH = "/api/v1/acts/7K3-Q42/print"


@dataclass
class TwinSlips:
    """Prints nothing and remembers what it should have."""

    raises: Exception | None = None
    printed: list[tuple[str, str | None]] = field(default_factory=list)

    def print_slip(self, number: str, reason: str | None = None) -> None:
        if self.raises:
            raise self.raises
        self.printed.append((number, reason))


def page(slips: TwinSlips | None) -> FlaskClient:
    return create_app(TwinSession(), settings=SETTINGS, reasons=REASONS, clock=lambda: NOW, slips=slips).test_client()


def post(slips: TwinSlips | None, body: Any, *, path: str = PATH, headers: dict[str, str] = OWN) -> Any:
    return page(slips).post(path, json=body, headers=headers)


def test_it_prints_with_a_reason_or_with_the_usual_one() -> None:
    slips = TwinSlips()
    answer = post(slips, {"reason": None})
    assert (answer.status_code, answer.get_json()) == (200, {"check_number": "7K3-Q42", "printed": True})
    assert post(slips, {"reason": " 换领 "}).status_code == 200
    assert slips.printed == [("7K3-Q42", None), ("7K3-Q42", "换领")]


@pytest.mark.parametrize(
    "body",
    [{}, [], "x", {"reason": ""}, {"reason": " "}, {"reason": 1}, {"reason": "x" * 201}, {"reason": None, "copies": 9}],
)
def test_other_bodies_print_nothing(body: Any) -> None:
    slips = TwinSlips()
    assert post(slips, body).status_code == 400
    assert slips.printed == []


@pytest.mark.parametrize("number", ["7k3-q42", "x" * 60, "7K3%0AQ42", "-", "7K3-Q42-7K3-Q42-7K3"])
def test_what_is_no_check_number_prints_nothing(number: str) -> None:
    slips = TwinSlips()
    assert post(slips, {"reason": None}, path=f"/api/v1/acts/{number}/print").status_code == 404
    assert slips.printed == []


@pytest.mark.parametrize(
    "headers", [{}, {"Origin": ORIGIN}, {**OWN, "Origin": "https://evil.example"}, {**OWN, "X-CSRF-Token": "x" * 40}]
)
def test_another_page_prints_nothing(headers: dict[str, str]) -> None:
    slips = TwinSlips()
    assert post(slips, {"reason": None}, headers=headers).status_code == 403
    assert slips.printed == []


@pytest.mark.parametrize(
    ("failure", "error", "words"),
    [
        (output_errors.PrinterOutOfPaper("escpos:x"), "printer_no_paper", "打印机缺纸"),
        (output_errors.PrinterCoverOpen("escpos:x"), "printer_cover_open", "盖子开着"),
        (output_errors.PrinterFault("escpos:x"), "printer_fault", "故障"),
        (output_errors.PrinterSilent("escpos:x"), "printer_silent", "没有回应"),
        (output_errors.PrinterDied("escpos:x"), "printer_died", "连接断了"),
        (output_errors.SlipTooLarge("escpos:x"), "printer_too_large", "放不下"),
        (output_errors.FontUnusable("/secret/font"), "printer_unusable", "不能用"),
        (DeviceForbidden("/dev/usb/lp0"), "printer_unusable", "不能用"),
    ],
)
def test_what_the_printer_lacks_is_said_in_plain_words(failure: HardwareError, error: str, words: str) -> None:
    answer = post(TwinSlips(failure), {"reason": None}, path=f"{PATH}?lang=zh-Hans")
    assert (answer.status_code, answer.get_json()["error"]) == (503, error)
    assert words in answer.get_json()["message"]
    assert "/" not in answer.get_json()["message"]
    english = post(TwinSlips(failure), {"reason": None}, path=f"{PATH}?lang=en").get_json()["message"]
    assert english.isascii()


@pytest.mark.parametrize(
    ("failure", "status", "error"),
    [
        (NoReceipt(), 409, "no_receipt"),
        (CertificateUnusable(), 409, "no_certificate"),
        (UnknownCheckNumber("7K3-Q42"), 404, "no_such_act"),
        (OutOfOrder("disk full"), 503, "out_of_order"),
    ],
)
def test_what_the_terminal_lacks_is_said_as_for_receipts(failure: Exception, status: int, error: str) -> None:
    answer = post(TwinSlips(failure), {"reason": None})
    assert (answer.status_code, answer.get_json()["error"]) == (status, error)


def test_without_a_printer_there_is_neither_route_nor_button() -> None:
    assert post(None, {"reason": None}).status_code == 404
    assert 'id="print"' not in page(None).get("/").text
    assert 'id="print"' in page(TwinSlips()).get("/").text


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("lamp:gpio:gpiochip0/17,27,22", "指示灯没有连上。核验照常进行"),
        ("lamp:busylight", "指示灯"),
        ("buzzer:gpio:gpiochip0/5", "蜂鸣器"),
        ("display:/dev/ttyUSB1", "顾客屏"),
        ("lock:gpio:gpiochip0/6", "门锁没有连上，门保持锁闭"),
        ("/dev/ttyACM0", "扫码枪"),
    ],
)
def test_a_lamp_that_is_gone_is_no_scanner_that_is_gone(source: str, words: str) -> None:
    heard = device_json(Lost(source, LostReason.UNPLUGGED))
    assert heard is not None
    assert words in str(heard["views"])
    assert heard["state"] == "lost"
    assert device_json(Connected(source)) == {"source": source, "state": "ok", "views": {}}
