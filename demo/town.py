"""The town: an authority, a phone, a counter and a kiosk as programs of their own, and a wire that can be cut.

Everything is set up and driven by what a deployment would use: the `liangzheng` command, the authority's HTTP
interface, the wallet behind its page, the terminal's own page and events. Nothing is shared in memory.
"""

import base64
import json
import secrets
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urljoin

import urllib3

from demo import portrait
from demo.counter_devices import CAN_BE_SIMULATED, CounterDevices
from demo.network import NetworkSwitch
from demo.programs import Programs, TownError, free_ports
from demo.scene import CameraTrouble
from demo.subjects import KINDS, SUBJECTS, WITH_PORTRAIT
from protocol import checkpoint, feed_names

REGION: Final = "990000"
RELYING_PARTY: Final = "乌有市政务服务中心"


@dataclass(frozen=True, slots=True)
class Answer:
    """What one of the programs said."""

    status: int
    body: Any

    @property
    def message(self) -> str:
        """The sentence in it, for people."""
        return str(self.body.get("message", "")) if isinstance(self.body, dict) else ""


class Town:
    """Sets up and runs the programs. Use as a context manager: leaving it ends them."""

    def __init__(
        self,
        directory: Path,
        *,
        page_origin: str,
        sync_every: int,
        wait: Callable[[float], None],
        monotonic: Callable[[], float],
    ) -> None:
        """Starts nothing yet.

        Args:
            directory: An empty folder for everything that the programs keep.
            page_origin: Origin of the page that shows phone and counter in frames.
            sync_every: Seconds between two synchronisations of the terminal.
            wait: Pauses while something starts.
            monotonic: Measures how long that takes.
        """
        self._directory = directory
        self._page_origin = page_origin
        self._sync_every = sync_every
        self._http = urllib3.PoolManager(timeout=10.0, retries=False)
        self._stack = ExitStack()
        self._token = ""
        self._holder_key = ""
        self._programs = Programs(directory, self._stack, self._http, wait=wait, monotonic=monotonic)
        self.csrf = secrets.token_urlsafe(16)
        self._issuer_port, self._phone_port, self._counter_port, self._kiosk_port = free_ports(4)
        self.network = NetworkSwitch(self._issuer_port)
        self.devices: CounterDevices | None = None
        """The counter's scanner and printer, where they can be simulated."""

    @property
    def phone_url(self) -> str:
        """Where the phone's page is."""
        return f"http://127.0.0.1:{self._phone_port}"

    @property
    def counter_url(self) -> str:
        """Where the counter's page is."""
        return f"http://127.0.0.1:{self._counter_port}"

    @property
    def kiosk_url(self) -> str:
        """Where the kiosk's page is."""
        return f"http://127.0.0.1:{self._kiosk_port}"

    @property
    def counter_directory(self) -> Path:
        """The counter's folder."""
        return self._directory / "counter"

    @property
    def kiosk_directory(self) -> Path:
        """The kiosk's folder."""
        return self._directory / "kiosk"

    @property
    def published(self) -> Path:
        """What the authority publishes."""
        return self._directory / "authority" / "published"

    def __enter__(self) -> Self:
        try:
            self._open()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
        self._http.clear()

    def liangzheng(self, *arguments: str) -> Any:
        """Runs one command with `--json` and returns what it printed.

        Raises:
            TownError: It failed; with what it said.
        """
        done = subprocess.run(  # noqa: S603  # our own command
            [sys.executable, "-m", "liangzheng", *arguments], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise TownError(f"liangzheng {' '.join(arguments)}: exit {done.returncode}\n{done.stderr.strip()}")
        try:
            return json.loads(done.stdout)
        except json.JSONDecodeError:
            return done.stdout

    def issue(self, kind: str, name: str | None = None) -> Answer:
        """The authority issues a licence to the phone's key, and the phone receives it."""
        subject = {**SUBJECTS[kind], **({"name": name} if name else {})}
        wish = {"kind": kind, "subject": subject, "holder_key": self._holder_key}
        if kind in WITH_PORTRAIT:
            wish["portrait"] = base64.b64encode(portrait.webp()).decode()
        issued = self.authority("POST", "/api/v1/licences", wish)
        if issued.status != 201:
            return issued
        received = self._hand_over(str(issued.body["package_url"]))
        return Answer(issued.status if received.status == 200 else received.status, received.body)

    def name_an_agent(self, licence: str, *, purpose: str) -> str:
        """The authority lets the phone's holder show another's licence; the mandate's id.

        Raises:
            TownError: It does not, or the phone does not take it.
        """
        wish = {"agent_key": self._holder_key, "level": 1, "purposes": [purpose]}
        made = self.authority("POST", f"/api/v1/licences/{licence}/mandates", wish)
        if made.status != 201:
            raise TownError(f"the authority names no agent: {made.message}")
        received = self._hand_over(str(made.body["package_url"]))
        if received.status != 200:
            raise TownError(f"the phone does not take the mandate: {received.message}")
        return str(made.body["id"])

    def show_paper(self, licence: str) -> None:
        """The authority prints a paper code of a licence, and it is held before the camera.

        Raises:
            TownError: It prints none.
        """
        paper = self.authority("POST", f"/api/v1/licences/{licence}/papers", {})
        if paper.status != 201:
            raise TownError(f"the authority prints no paper code: {paper.message}")
        self.phone("paper", {"code": paper.body["code"]})

    def _hand_over(self, package_url: str) -> Answer:
        """Fetches a licence package from the authority and gives it to the phone."""
        package = self._http.request("GET", urljoin(f"http://127.0.0.1:{self._issuer_port}/", package_url))
        if package.status != 200:
            raise TownError(f"the licence package could not be fetched: {package.status}")
        received = self._http.request(
            "POST",
            f"{self.phone_url}/act/receive",
            body=package.data,
            headers={"X-CSRF-Token": self.csrf, "Content-Type": "application/cbor"},
        )
        return Answer(received.status, received.json())

    def change(self, licence: str, act: str, reason: str) -> Answer:
        """Suspends, reinstates or revokes a licence at the authority."""
        return self.authority("POST", f"/api/v1/licences/{licence}/{act}", {"reason": reason})

    def licences(self) -> list[Mapping[str, Any]]:
        """The authority's list."""
        answer = self.authority("GET", "/api/v1/licences")
        if answer.status != 200:
            raise TownError(f"the authority does not list its licences: {answer.message}")
        return list(answer.body)

    def authority(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Answer:
        """One request to the authority's interface, as its operator."""
        response = self._http.request(
            method,
            f"http://127.0.0.1:{self._issuer_port}{path}",
            json=body,
            headers={"Authorization": f"Bearer {self._token}"},
        )
        return Answer(response.status, response.json())

    def phone(self, act: str, body: Mapping[str, Any] | None = None) -> Answer:
        """One act of the phone's holder."""
        response = self._http.request(
            "POST", f"{self.phone_url}/act/{act}", json=body or {}, headers={"X-CSRF-Token": self.csrf}
        )
        return Answer(response.status, response.json())

    def phone_state(self) -> Mapping[str, Any]:
        """What the phone shows."""
        state = self._http.request("GET", f"{self.phone_url}/state").json()
        assert isinstance(state, dict)
        return state

    def shown_text(self) -> str:
        """What the code on the phone says, as a scanner would read it."""
        return self._http.request("GET", f"{self.phone_url}/code.txt").data.decode()

    def trouble_camera(self, trouble: CameraTrouble) -> None:
        """Lets the counter's camera go through this."""
        self._http.request(
            "POST",
            f"{self.phone_url}/camera/trouble",
            json={"place": "counter", "trouble": trouble.value},
            headers={"X-CSRF-Token": self.csrf},
        )

    def counter(self, path: str, body: Mapping[str, Any]) -> Answer:
        """One act of the clerk, as the counter's page does it."""
        return self._at_page(self.counter_url, path, body)

    def kiosk(self, path: str, body: Mapping[str, Any]) -> Answer:
        """One act at the kiosk, as its own page does it."""
        return self._at_page(self.kiosk_url, path, body)

    def _at_page(self, url: str, path: str, body: Mapping[str, Any]) -> Answer:
        page = self._http.request("GET", f"{url}/").data.decode()
        token = page.partition('name="csrf-token" content="')[2].partition('"')[0]
        own = {"X-CSRF-Token": token, "Origin": url, "Accept-Language": "en"}
        response = self._http.request("POST", f"{url}/api/v1/{path}", json=body, headers=own)
        return Answer(response.status, response.json())

    def kiosk_asks(self) -> str:
        """The request on the kiosk's screen: the text of its code.

        Raises:
            TownError: It asks nothing.
        """
        answer = self.kiosk("requests/standing", {"kinds": []})
        texts = [each["text"] for each in answer.body.get("open", ()) if each["text"].startswith("LC1:")]
        if not texts:
            raise TownError(f"the kiosk asks nothing: {answer.body}")
        return str(texts[0])

    def published_position(self) -> tuple[int, int]:
        """Epoch and number of the checkpoint that the authority published last."""
        position = checkpoint.parse((self.published / feed_names.CHECKPOINT).read_bytes()).claims.position
        return position.epoch, position.seq

    def counter_position(self) -> tuple[int, int]:
        """Epoch and number of the region's feed up to which the counter knows it."""
        (feed,) = self.liangzheng("terminal", "status", str(self.counter_directory), "--json")["feed"]
        return int(feed["epoch"]), int(feed["seq"])

    def journal(self) -> list[Mapping[str, Any]]:
        """The counter's journal, after its chain has been checked."""
        self.liangzheng("terminal", "journal", str(self.counter_directory), "--verify")
        return list(self.liangzheng("terminal", "journal", str(self.counter_directory), "--json"))

    def _open(self) -> None:
        authority, phone, counter, kiosk = (
            str(self._directory / name) for name in ("authority", "phone", "counter", "kiosk")
        )
        root = self.liangzheng("issuer", "init", authority, "--region", REGION, "--json")["root_sha256"]
        named = ("--name", "乌有市政务服务大厅", "--relying-party", RELYING_PARTY)
        site = str(self.liangzheng("issuer", "site", authority, "add", *named, "--json")["code"])
        self._token = (Path(authority) / "operator.token").read_text(encoding="ascii").strip()
        self.liangzheng("wallet", "init", phone)
        self._holder_key = str(self.liangzheng("wallet", "key", phone)).strip()
        self._programs.start(
            "authority", "-m", "liangzheng", "issuer", "serve", authority, "--port", str(self._issuer_port)
        )
        self._programs.await_answer("authority", f"http://127.0.0.1:{self._issuer_port}/published/root.cbor")
        self._programs.start(
            "phone", "-m", "demo.phone", phone, "--port", str(self._phone_port), "--csrf", self.csrf,
            "--embedded-in", self._page_origin,
        )  # fmt: skip
        self._programs.await_answer("phone", f"{self.phone_url}/state")
        for kind, _ in KINDS:
            answer = self.issue(kind)
            if answer.status != 201:
                raise TownError(f"the authority did not issue a {kind}: {answer.body}")
        self._stack.enter_context(self.network)
        trust = f"http://127.0.0.1:{self.network.port}/published"
        self.liangzheng(
            "terminal", "init", counter, "--trust", trust, "--root", root, "--profile", "window", "--name", "演示窗口"
        )
        self._certify(authority, counter, terminal="hall-1-01", place="一号窗口", purpose="window")
        if CAN_BE_SIMULATED:
            self.devices = self._stack.enter_context(CounterDevices())
        self._programs.start(
            "counter", "-m", "liangzheng", "terminal", "serve", counter, "--port", str(self._counter_port),
            "--camera", f"{self.phone_url}/camera/counter.mjpg", "--sync-every", str(self._sync_every),
            *(self.devices.options if self.devices is not None else ()),
            "--frame-ancestor", self._page_origin,
        )  # fmt: skip
        self._set_up_kiosk(authority, kiosk, trust=trust, root=root, site=site)
        self._programs.start(
            "kiosk", "-m", "liangzheng", "terminal", "serve", kiosk, "--port", str(self._kiosk_port),
            "--camera", f"{self.phone_url}/camera/kiosk.mjpg", "--sync-every", str(self._sync_every),
            "--ask", "business-licence",
            "--frame-ancestor", self._page_origin,
        )  # fmt: skip
        self._programs.await_answer("counter", f"{self.counter_url}/healthz")
        self._programs.await_answer("kiosk", f"{self.kiosk_url}/healthz")

    def _set_up_kiosk(self, authority: str, kiosk: str, *, trust: str, root: str, site: str) -> None:
        """A terminal that asks: made, certified by the authority, and named to wallets."""
        self.liangzheng(
            "terminal", "init", kiosk, "--trust", trust, "--root", root, "--profile", "kiosk", "--name", "演示自助机",
            "--site", site,
        )  # fmt: skip
        self._certify(authority, kiosk, terminal="hall-1-07", place="一楼自助机", purpose="kiosk")

    def _certify(self, authority: str, directory: str, *, terminal: str, place: str, purpose: str) -> None:
        """The authority certifies a terminal's key, so that it may ask and sign receipts."""
        key = str(self.liangzheng("terminal", "key", directory)).strip()
        certificate = str(self._directory / f"{terminal}.cbor")
        self.liangzheng(
            "issuer", "certify-terminal", authority, "--key", key, "--terminal", terminal,
            "--place", place, "--relying-party", RELYING_PARTY, "--purpose", purpose, "--out", certificate,
            *(option for kind, _ in KINDS for option in ("--kind", kind)),
        )  # fmt: skip
        self.liangzheng("terminal", "certificate", directory, certificate)
