"""What can go wrong with the counter's devices, played at a button, and what happened underneath in plain words.

Everything here is simulated and says so; the terminal's drivers, messages and verdicts are the real ones.
"""

from collections.abc import Callable
from typing import Final

from demo.counter_devices import CounterDevices, Trouble
from demo.programs import TownError
from demo.scene import CameraTrouble
from demo.town import Town

_PAUSE_SECONDS: Final = 1.5
"""For the terminal to notice and to have its scanner again, and for people to see it."""
_CAMERA: Final = {
    CameraTrouble.NONE: "模拟:摄像头恢复正常 / simulated: the camera is well again and is opened by itself",
    CameraTrouble.GLARE: "模拟:灯光反射在手机屏幕上,窗口提示怎样拿手机 / "
    "simulated: a lamp is mirrored over the code; unread, it makes the terminal say how to hold the phone",
    CameraTrouble.FROZEN: "模拟:摄像头反复送同一画面,约 3 秒后终端发现并重连 / "
    "simulated: the same picture again and again; after 3 s the terminal says so and opens the camera anew",
    CameraTrouble.UNPLUGGED: "模拟:拔掉摄像头,视频流中断,扫码枪照常可用 / "
    "simulated: the camera is pulled out and its stream ends; the terminal says so and tries again",
}
_SCANNER: Final = {
    Trouble.NONE: "模拟:扫码枪读出 {total} 字节 / simulated: the scanner printed {total} bytes on its line",
    Trouble.UNPLUGGED: "模拟:{total} 字节的码传到第 {lost} 字节时拔线,半个码被丢弃;插上再扫即读出 / "
    "simulated: pulled out after {lost} of {total} bytes; half a code is thrown away and never judged; the second "
    "scan after plugging in is read",
    Trouble.NOISE: "模拟:线路上先来 {lost} 字节杂讯,被丢弃;随后的码照常读出 / "
    "simulated: {lost} bytes of noise are thrown away; the code after them is read",
}


class Troubles:
    """Plays them in one town."""

    def __init__(self, town: Town, wait: Callable[[float], None]) -> None:
        """All is well."""
        self._town = town
        self._wait = wait
        self.camera_trouble = CameraTrouble.NONE

    @property
    def has_scanner(self) -> bool:
        """Whether this system can simulate a scanner and a printer."""
        return self._town.devices is not None

    @property
    def has_paper(self) -> bool:
        """Whether the printer has paper."""
        return self._town.devices is not None and self._town.devices.has_paper

    def scan(self, trouble: Trouble, *, licence: str | None = None, pause: Callable[[], object] | None = None) -> str:
        """The holder shows a licence to the counter's scanner, not to its camera, and the scanner has trouble.

        Args:
            trouble: what the scanner goes through.
            licence: its id; the first that can be shown at a window if not given.
            pause: lets the terminal notice, and have the scanner again.

        Raises:
            TownError: There is no scanner, or nothing to show.
        """
        devices = self._devices()
        self._town.phone("place", {"place": "scanner"})
        try:
            self._show(licence)
            text = self._town.shown_text()
            lost = devices.scan(text, trouble, pause=pause or (lambda: self._wait(_PAUSE_SECONDS)))
            return _SCANNER[trouble].format(lost=lost, total=len(text))
        finally:
            self._town.phone("place", {"place": "counter"})

    def camera(self, trouble: CameraTrouble) -> str:
        """The counter's camera goes through this until something else is said."""
        self._town.trouble_camera(trouble)
        self.camera_trouble = trouble
        return _CAMERA[trouble]

    def paper(self, *, there: bool) -> str:
        """The printer's paper is taken out, or put in.

        Raises:
            TownError: There is no printer.
        """
        self._devices().set_paper(there=there)
        if there:
            return "模拟:已装纸 / simulated: there is paper again; the next slip comes out whole"
        return (
            "模拟:打印机没有纸了,请在窗口按“打印” / "
            "simulated: no paper, and the verdict stands; press Print at the counter"
        )

    def _devices(self) -> CounterDevices:
        if self._town.devices is None:
            raise TownError("本系统无法模拟扫码枪和打印机 / this system cannot simulate a scanner and a printer")
        return self._town.devices

    def _show(self, licence: str | None) -> None:
        for card in self._town.phone_state()["cards"]:
            offered = next((each for each in card["purposes"] if each["word"] == "window"), None)
            if offered is None or licence not in (None, card["id"]):
                continue
            items = [item["name"] for item in offered["items"] if item["mandatory"]]
            shown = self._town.phone("show", {"card": card["id"], "purpose": "window", "items": items})
            if shown.status != 200:
                raise TownError(shown.message)
            return
        raise TownError("手机里没有可在窗口出示的证照 / the phone has no licence to show at a window")
