"""`./run tour`: the demonstration without a browser. Ends with 0 if every verdict is the expected one, with 1 if not.

Each scene acts through the public interfaces (phone, authority, network), waits for the camera of the counter or of the
kiosk to read the phone, and compares class and codes with what must come out.
"""

import base64
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.text import Text

from demo import portrait, wiring
from demo.counter_watch import CounterWatch, Seen
from demo.handset import OLD_SECONDS
from demo.programs import TownError
from demo.tour_devices import DeviceScenes, DeviceUnexpected
from demo.town import Answer, Town
from demo.troubles import Troubles

READ_SECONDS: Final = 15.0
"""To hold up, film, decode, appraise, record and show; usually well under one second."""
_OUT_OF_VIEW_SECONDS: Final = 2.5
"""The counter takes a code that was out of view for so long as a new act."""
_SYNC_EVERY: Final = 1
_STYLES: Final = {
    "accept": "bold white on #00605c",
    "check": "bold black on #ffdd33",
    "refuse": "bold white on #7a0010",
    "not_read": "bold black on #a3abb0",
}


class Unexpected(Exception):
    """A verdict, or its absence, that the tour does not allow."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What must come out: the class, codes that must be there, codes that must not."""

    verdict_class: str
    codes: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()

    def with_out(self, code: str) -> "Expected":
        """The same, and this code must not be there."""
        return Expected(self.verdict_class, self.codes, self.without | {code})

    def check(self, seen: Seen) -> None:
        """Raises Unexpected with both sides."""
        if not self.met_by(seen):
            raise Unexpected(
                f"expected {self.verdict_class} with {sorted(self.codes)} and without {sorted(self.without)}, "
                f"the terminal showed {seen.verdict_class} with {sorted(seen.codes)} (check number {seen.check_number})"
            )

    def met_by(self, seen: Seen) -> bool:
        """Whether this is what came out."""
        found = frozenset(seen.codes)
        return seen.verdict_class == self.verdict_class and self.codes <= found and not self.without & found


class Tour:
    """Plays the scenes in one town."""

    def __init__(self, town: Town, counter: CounterWatch, kiosk: CounterWatch, folder: Path, console: Console) -> None:
        """Begins at scene 1, before the counter. Receipts go into the folder."""
        self._town = town
        self._counter, self._kiosk = counter, kiosk
        self._watch = counter
        self._last: Seen | None = None
        self._before = town.published_position()
        self._folder = folder
        self._console = console
        self._scene = 0
        self._devices = DeviceScenes(town, Troubles(town, wiring.sleep), counter, self._aside)
        of_kind = {each["kind"]: each["id"] for each in town.licences()}
        self._licence, self._id_card = of_kind["driving-licence"], of_kind["id-card"]
        self._company = of_kind["business-licence"]

    def play(self) -> None:
        """All scenes in order.

        Raises:
            Unexpected: A scene did not come out as it must.
        """
        shown = Expected("accept", frozenset({"W_OPEN_MODE", "W_PERSON_CHECK"}))
        self._title("The holder shows a driving licence: three items, for the service window", "亮证:窗口,三个项目")
        first = self._see(shown, self._show)
        self._title("Somebody shows a screenshot of the code that was just used", "出示刚用过的截图")
        wiring.sleep(_OUT_OF_VIEW_SECONDS)
        self._see(Expected("refuse", frozenset({"E_REPLAY"})), lambda: self._trick("screenshot"))
        self._title("A screenshot that is two minutes old", "两分钟前的截图")
        self._see(Expected("refuse", frozenset({"E_KBT_STALE"})), self._old_screenshot)
        self._title("A code made for the police is shown at the window", "把给交警的码给窗口看")
        self._see(Expected("refuse", frozenset({"E_AUD"})), lambda: self._show("roadside"))
        self._title("A forger signs the same licence with a key of his own", "伪造者用自己的密钥签名")
        self._see(Expected("refuse", frozenset({"E_SIG_ISSUER"})), lambda: self._trick("forged"))
        self._title("A genuine licence, copied to another phone", "复制到别人手机里的证照")
        self._see(Expected("refuse", frozenset({"E_SIG_HOLDER"})), lambda: self._trick("stranger"))
        self._title("A payment code", "付款码")
        self._see(Expected("not_read", frozenset({"E_PREFIX"})), lambda: self._trick("payment"))
        self._title("The authority suspends the licence", "发证机关暂扣")
        self._change("suspend")
        self._see(Expected("refuse", frozenset({"E_SUSPENDED"})), self._show)
        self._title("… and reinstates it", "恢复")
        self._change("reinstate")
        self._see(shown, self._show)
        self._failing_devices(shown)
        self._portrait(shown)
        self._several(shown)
        self._paper()
        self._mandate()
        self._at_the_kiosk()
        self._title("The counter loses its network and goes on deciding by itself", "窗口断网,独立判断")
        self._town.network.cut()
        offline = self._see(shown, self._show)
        self._title(
            "The authority revokes the licence; the counter cannot know yet, and says how old its data are", "吊销"
        )
        self._change("revoke", reaches_counter=False)
        self._see(shown, self._show)
        self._title("The network is back: the next scan is refused", "网络恢复,下一次即不予采信")
        self._town.network.turn_on()
        self._wait_for_sync()
        self._see(Expected("refuse", frozenset({"E_REVOKED"})), self._show)
        self._title("Everything that was shown stands in the counter's journal", "日志")
        self._check_journal(first, offline)

    def _failing_devices(self, shown: Expected) -> None:
        self._title("Simulated: glare over the code; the counter says what helps, and reads it then", "模拟:反光")
        self._see(shown, lambda: self._meanwhile(lambda: self._devices.glare(self._show)))
        if not self._devices.has_scanner:
            return
        self._title("Simulated: the scanner is pulled out in mid-code, and plugged in again", "模拟:扫到一半拔线")
        self._see(shown, lambda: self._meanwhile(lambda: self._devices.scanner_unplugged(self._licence)))
        self._title("Simulated: noise on the scanner's line", "模拟:线路杂讯")
        seen = self._see(shown, lambda: self._meanwhile(lambda: self._devices.noisy_line(self._licence)))
        self._title("Simulated: the receipt printer has no paper; the verdict stands", "模拟:打印机缺纸")
        self._devices.out_of_paper(seen)

    def _meanwhile(self, play: Callable[[], None]) -> Answer:
        play()
        return Answer(200, {})

    def _portrait(self, shown: Expected) -> None:
        self._title("The portrait follows in moving pictures; the verdict does not wait for it", "照片随动态画面传送")
        wish = {"card": self._licence, "purpose": "window", "items": ["name", "class", "valid_to", "portrait"]}
        self._see(shown, lambda: self._town.phone("portrait", wish), leave=False)
        began = wiring.monotonic()
        picture = self._watch.next_portrait(READ_SECONDS)
        if picture != portrait.webp():
            raise Unexpected("the counter did not show the portrait that the authority signed")
        self._console.print(
            f"   {len(picture)} bytes after {wiring.monotonic() - began:.1f} s, as the issuer signed it"
        )
        self._town.phone("away")

    def _several(self, shown: Expected) -> None:
        self._title("Identity card and driving licence in one act, with one consent", "两证一次出示")
        together = {"purpose": "window", "items": {self._id_card: None, self._licence: None}}
        self._see(shown.with_out("W_BUNDLE_UNLINKED"), lambda: self._town.phone("show", together))

    def _paper(self) -> None:
        self._title("Somebody without a phone shows a printed code: the clerk compares an identity document", "纸质码")
        paper = self._town.authority("POST", f"/api/v1/licences/{self._licence}/papers", {}).body
        hold_up = {"code": paper["code"]}
        self._see(Expected("check", frozenset({"W_STATIC"})), lambda: self._town.phone("paper", hold_up))
        self._title("… and has lost it: the paper ends alone, the licence stays", "挂失")
        self._before = self._town.published_position()
        self._town.authority("POST", f"/api/v1/papers/{paper['id']}/lost", {"reason": "demonstration 演示"})
        self._wait_for_sync()
        self._out_of_view()
        self._see(Expected("refuse", frozenset({"E_DEVICE_LOST"})), lambda: self._town.phone("paper", hold_up))

    def _mandate(self) -> None:
        self._title("An agent shows the company's licence, named by the authority", "代办人出示企业执照")
        mandate = self._town.name_an_agent(self._company, purpose="window")
        agent = {"card": mandate, "purpose": "window", "items": ["name", "uscc", "legal_representative", "valid_from"]}
        self._see(Expected("accept", frozenset({"W_OPEN_MODE"})), lambda: self._town.phone("show", agent))
        self._title("… and is an agent no more", "撤回委托")
        self._before = self._town.published_position()
        self._town.authority("POST", f"/api/v1/mandates/{mandate}/revoke", {"reason": "demonstration 演示"})
        self._wait_for_sync()
        refused = Expected("refuse", frozenset({"E_MANDATE_REVOKED"}))
        self._see(refused, lambda: self._town.phone("show", agent))

    def _at_the_kiosk(self) -> None:
        self._go_to("kiosk", self._kiosk)
        self._title("Simulated: meanwhile the counter's camera sends the same picture again and again", "模拟:画面停住")
        self._devices.freeze_camera()
        self._title("A kiosk that nobody watches takes no open code", "自助机不接受普通码")
        open_code = {"card": self._company, "purpose": "kiosk", "items": ["name", "uscc"]}
        refused = Expected("refuse", frozenset({"E_CHALLENGE_REQUIRED"}))
        self._see(refused, lambda: self._town.phone("show", open_code))
        self._title("It asks; the phone shows who and why, and answers sealed for it alone", "扫码应答,密封")
        answer = {"challenge": self._town.kiosk_asks(), "items": None}
        sealed = self._see(
            Expected("accept", without=frozenset({"W_OPEN_MODE"})), lambda: self._town.phone("answer", answer)
        )
        self._title("A picture of that answer opens nothing any more: one request, one answer", "应答的截图无效")
        self._out_of_view()
        self._see(Expected("refuse", frozenset({"E_SEAL_OPEN"})), lambda: self._trick("screenshot"))
        self._title("The kiosk's receipt replaces the photocopy; anybody can verify it", "核验回执")
        self._check_receipt(sealed)
        self._go_to("counter", self._counter)
        self._title("The counter has noticed, and has its camera again", "摄像头恢复")
        self._devices.camera_was_noticed()

    def _check_receipt(self, seen: Seen) -> None:
        made = self._town.kiosk(f"acts/{seen.check_number}/receipt", {"reason": "demonstration 演示"})
        file = self._folder / "receipt.cbor"
        file.write_bytes(base64.b64decode(made.body["receipt"]))
        verified = self._town.liangzheng(
            "receipt", "verify", str(file), "--trust", str(self._town.published),
            "--journal", str(self._town.kiosk_directory), "--json",
        )  # fmt: skip
        if not verified["anchored"]:
            raise Unexpected(f"the receipt is not in the kiosk's journal: {verified}")
        self._console.print(
            f"   {file.stat().st_size} bytes, verified, anchored in the kiosk's journal", highlight=False
        )

    def _go_to(self, place: str, watch: CounterWatch) -> None:
        self._town.phone("place", {"place": place})
        self._watch = watch

    def _out_of_view(self) -> None:
        self._town.phone("away")
        wiring.sleep(_OUT_OF_VIEW_SECONDS)

    def _show(self, purpose: str = "window") -> Answer:
        items = {"window": ["name", "class", "valid_to"]}.get(purpose)
        if items is None:
            state = self._town.phone_state()
            card = next(each for each in state["cards"] if each["id"] == self._licence)
            offered = next(each for each in card["purposes"] if each["word"] == purpose)
            items = [item["name"] for item in offered["items"] if item["mandatory"]]
        return self._town.phone("show", {"card": self._licence, "purpose": purpose, "items": items})

    def _trick(self, scene: str) -> Answer:
        return self._town.phone("trick", {"scene": scene})

    def _old_screenshot(self) -> Answer:
        # A licence that was issued today began at midnight: in the first two minutes after it no code is so old.
        until = wiring.monotonic() + OLD_SECONDS + READ_SECONDS
        while (answer := self._trick("old")).status != 200 and wiring.monotonic() < until:
            wiring.sleep(1.0)
        return answer

    def _change(self, act: str, *, reaches_counter: bool = True) -> None:
        self._before = self._town.published_position()
        answer = self._town.change(self._licence, act, "demonstration 演示")
        if answer.status != 200:
            raise Unexpected(f"the authority did not {act}: {answer.message}")
        if reaches_counter:
            self._wait_for_sync()

    def _wait_for_sync(self) -> None:
        """Until the last change is in the feed (an urgent one is within five seconds), and the counter has it too."""
        until = wiring.monotonic() + READ_SECONDS
        while (published := self._town.published_position()) == self._before or (
            self._town.counter_position() < published
        ):
            if wiring.monotonic() > until:
                raise Unexpected("the last change did not reach the counter")
            wiring.sleep(0.1)

    def _see(self, expected: Expected, hold_up: Callable[[], Answer], *, leave: bool = True) -> Seen:
        self._watch.forget()
        began = wiring.monotonic()
        answer = hold_up()
        if answer.status != 200:
            raise Unexpected(f"the phone did not show: {answer.message}")
        seen = self._watch.next(READ_SECONDS)
        if seen is not None and seen.says(self._last) and not expected.met_by(seen):
            # The camera's film lags on a busy machine: this was still the code of the scene before.
            seen = self._watch.next(READ_SECONDS)
        if seen is None:
            raise Unexpected(f"the terminal showed nothing within {READ_SECONDS:.0f} s")
        self._last = seen
        self._print(seen, wiring.monotonic() - began)
        expected.check(seen)
        if leave:
            self._town.phone("away")
        return seen

    def _check_journal(self, *shown: Seen) -> None:
        rows = self._town.journal()
        numbers = {row["check_number"] for row in rows}
        missing = [seen.check_number for seen in shown if seen.check_number not in numbers]
        if missing:
            raise Unexpected(f"not in the journal: {missing}")
        self._console.print(f"   {len(rows)} rows, chain intact", highlight=False)

    def _title(self, en: str, zh: str) -> None:
        self._scene += 1
        self._console.print(Text.assemble((f"{self._scene:2}  ", "dim"), (en, "bold"), ("  " + zh, "dim")))

    def _aside(self, said: str) -> None:
        self._console.print(Text(f"    {said}", "dim"))

    def _print(self, seen: Seen, seconds: float) -> None:
        word = Text(f" {seen.word_other} {seen.word} ", style=_STYLES[seen.verdict_class])
        detail = seen.foreign or seen.licence
        self._console.print(Text.assemble("    ", word, "  ", " ".join(seen.codes)))
        self._console.print(
            Text(
                f"    {detail + ' · ' if detail else ''}{seen.freshness} · {seen.check_number} · {seconds:.1f} s", "dim"
            )
        )
        self._console.print(Text(f"    → {seen.instruction}"))


def main() -> int:
    """Plays the tour and returns the exit code."""
    console = Console(highlight=False, soft_wrap=True)
    began = wiring.monotonic()
    console.print(
        "Liangzheng 亮证: a phone, a counter, a kiosk, an authority; the cameras are simulated 模拟, all else is real."
    )
    try:
        with (
            tempfile.TemporaryDirectory(prefix="liangzheng-tour-") as folder,
            Town(
                Path(folder),
                page_origin="http://127.0.0.1:1",
                sync_every=_SYNC_EVERY,
                wait=wiring.sleep,
                monotonic=wiring.monotonic,
            ) as town,
            CounterWatch(town.counter_url) as counter,
            CounterWatch(town.kiosk_url) as kiosk,
        ):
            console.print(f"    ready after {wiring.monotonic() - began:.1f} s")
            Tour(town, counter, kiosk, Path(folder), console).play()
    except (Unexpected, DeviceUnexpected, TownError) as wrong:
        console.print(Text(f"FAILED: {wrong}", "bold red"))
        return 1
    console.print(f"Every verdict was the expected one. {wiring.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
