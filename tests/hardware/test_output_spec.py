"""The operator's words for output devices: every form once, and each way to misspell one."""

from pathlib import Path

import pytest

from hardware import open_output, output_spec
from hardware.devices import Connected, Lost, PrinterState, Signal, Slip
from hardware.display import Glass
from hardware.output_errors import UnsupportedOutput
from hardware.output_spec import DisplaySpec, GpioSpec, LampSpec, LockSpec, PrinterSpec
from hardware.printer.composing import Paper


def test_every_form() -> None:
    three = GpioSpec("/dev/gpiochip0", ("17", "27", "22"), active_low=False)
    assert output_spec.parse_lamp("lamp:gpio:/dev/gpiochip0/17,27,22") == LampSpec(gpio=three)
    assert output_spec.parse_lamp("lamp:busylight") == LampSpec(beacon=True)
    assert output_spec.parse_lamp("lamp:busylight:/dev/hidraw3") == LampSpec(beacon=True, path="/dev/hidraw3")
    assert output_spec.parse_lamp("lamp:simulated") == LampSpec()
    one = GpioSpec("gpiochip0", ("BUZZ",), active_low=True)
    assert output_spec.parse_lamp("buzzer:gpio:gpiochip0/BUZZ?active=low", kind="buzzer", lamps=1) == LampSpec(one)
    lock = GpioSpec("gpiochip0", ("6",), active_low=False)
    assert output_spec.parse_lock("lock:gpio:gpiochip0/6") == LockSpec(lock, 5.0)
    assert output_spec.parse_lock("lock:gpio:gpiochip0/6?seconds=30") == LockSpec(lock, 30.0)
    assert output_spec.parse_printer("escpos:/dev/usb/lp0") == PrinterSpec("/dev/usb/lp0", 9_600, True, Paper())
    assert output_spec.parse_printer(
        "escpos:socket://192.0.2.7:9100?paper=80&status=none&codes=drawn&cutter=no&charset=gb18030&font=/f.ttc"
    ) == PrinterSpec("socket://192.0.2.7:9100", 9_600, False, Paper(576, True, Path("/f.ttc"), True, False))
    assert output_spec.parse_printer("escpos:COM3?baud=115200").baud_rate == 115_200
    assert output_spec.parse_printer("escpos:simulated:/slips").folder == Path("/slips")
    assert output_spec.parse_display("display:/dev/ttyUSB1?charset=gbk&columns=40&rows=4") == DisplaySpec(
        "/dev/ttyUSB1", 9_600, Glass(40, 4, "gbk")
    )


LAMPS = [
    "", "lamp", "lamp:", "busylight", "lamp:candle", "lamp:busylight?active=low", "lamp:gpio:17,27,22",
    "lamp:gpio:gpiochip0/17", "lamp:gpio:gpiochip0/17,27", "lamp:gpio:gpiochip0/17,27,27", "lamp:gpio:gpiochip0/1,,2",
    "lamp:gpio:gpiochip0/1,2,3,4", "lamp:gpio:gpiochip0/1,2,3?active=up", "lamp:gpio:gpiochip0/1,2,3?aktive=low",
    "lamp:simulated?active=low", "buzzer:gpio:gpiochip0/5", "lamp:busylight\n",
]  # fmt: skip
LOCKS = [
    "lock:gpio:gpiochip0/6,7", "lock:gpio:gpiochip0/", "lock:busylight", "lock:gpio:gpiochip0/6?seconds=0",
    "lock:gpio:gpiochip0/6?seconds=31", "lock:gpio:gpiochip0/6?seconds=5.5", "lock:gpio:gpiochip0/6?seconds=-1",
    "lock:gpio:gpiochip0/6?seconds=", "lock:simulated?seconds=99", "lock:simulated?for=5",
]  # fmt: skip
PRINTERS = [
    "escpos:", "/dev/usb/lp0", "escpos:/dev/usb/lp0?paper=57", "escpos:/dev/usb/lp0?width=80",
    "escpos:/dev/ttyUSB0?baud=fast", "escpos:/dev/ttyUSB0?baud=0", "escpos:/dev/ttyUSB0?status=maybe",
]  # fmt: skip
DISPLAYS = ["display:", "display:/dev/ttyUSB1?charset=utf-8", "display:/dev/ttyUSB1?rows=0", "display:x?columns=²"]


@pytest.mark.parametrize(
    ("parse", "spec"),
    [(output_spec.parse_lamp, each) for each in LAMPS]
    + [(output_spec.parse_lock, each) for each in LOCKS]
    + [(output_spec.parse_printer, each) for each in PRINTERS]
    + [(output_spec.parse_display, each) for each in DISPLAYS],
)
def test_a_misspelt_word_is_an_error(parse: object, spec: str) -> None:
    with pytest.raises(UnsupportedOutput):
        parse(spec)  # type: ignore[operator]  # one of the four


def test_simulated_devices_are_opened_by_the_same_words(tmp_path: Path) -> None:
    told: list[Connected | Lost] = []
    for indicator in (
        open_output.open_lamp("lamp:simulated", tell=told.append),
        open_output.open_buzzer("buzzer:simulated", tell=told.append),
    ):
        indicator.show(Signal.SUCCESS)
        indicator.close()
    lock, seconds = open_output.open_lock("lock:simulated?seconds=3", tell=told.append)
    lock.release(seconds)
    lock.close()
    assert seconds == 3.0
    assert {each.source for each in told} >= {"lock:simulated?seconds=3"}
    display = open_output.open_display("display:simulated")
    display.show(("VALID",))
    display.close()
    printer = open_output.open_printer(f"escpos:simulated:{tmp_path}")
    assert printer.state() is PrinterState.READY
    printer.print_slip(Slip("核验回执", ()))
    printer.close()
    assert len(list(tmp_path.glob("*.png"))) == 1


def test_devices_that_are_not_there_are_opened_all_the_same_and_tell_it() -> None:
    told: list[Connected | Lost] = []
    lock, _ = open_output.open_lock("lock:gpio:gpiochip-that-is-not-there/6", tell=told.append)
    lock.close()
    assert isinstance(told[0], Lost)
    assert open_output.open_printer("escpos:/dev/usb/lp-that-is-not-there").state() is PrinterState.OFFLINE
