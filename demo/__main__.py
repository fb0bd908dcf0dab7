"""`./run`: starts the demonstration town and opens its page in a browser, or serves the wallet to a real phone."""

import signal
import socket
import tempfile
import threading
import webbrowser
from pathlib import Path

import click
import waitress
from flask import Flask, Response, jsonify, render_template, request

from demo import real_phone, same_site, wiring
from demo.counter_devices import Trouble
from demo.programs import TownError
from demo.scene import CameraTrouble
from demo.subjects import KINDS
from demo.town import Town
from demo.troubles import Troubles

_PLACES = {"counter": "窗口", "kiosk": "自助机"}
_STATES = {"suspend": "暂扣 / suspended", "reinstate": "恢复 / reinstated", "revoke": "吊销 / revoked"}


def create_app(town: Town) -> Flask:
    """The page with the three programs side by side, and its buttons."""
    troubles = Troubles(town, wiring.sleep)
    app = Flask("demo", static_folder="web/static", template_folder="web/templates")
    same_site.harden(
        app,
        csrf=town.csrf,
        frame_ancestors="'none'",
        frames=f"{town.phone_url} {town.counter_url} {town.kiosk_url}",
        pictures=f"'self' {town.phone_url}",
    )

    @app.get("/")
    def page() -> str:
        return render_template(
            "town.html",
            phone_url=town.phone_url,
            counter_url=town.counter_url,
            kiosk_url=town.kiosk_url,
            kinds=KINDS,
            csrf=town.csrf,
            has_scanner=troubles.has_scanner,
        )

    @app.get("/state")
    def state() -> Response:
        named = dict(KINDS)
        licences = [{**each, "kind_name": named.get(each["kind"], each["kind"])} for each in town.licences()]
        devices = {"camera": troubles.camera_trouble.value, "paper": troubles.has_paper}
        return jsonify(network=town.network.is_on, licences=licences, devices=devices)

    @app.post("/act/issue")
    def issue() -> tuple[Response, int]:
        asked = request.get_json()
        answer = town.issue(str(asked["kind"]), str(asked["name"]))
        return jsonify(message=answer.message), 200 if answer.status == 201 else 409

    @app.errorhandler(TownError)
    def failed(error: TownError) -> tuple[Response, int]:
        return jsonify(message=str(error)), 409

    @app.post("/act/status")
    def status() -> tuple[Response, int]:
        asked = request.get_json()
        act = str(asked["act"])
        answer = town.change(str(asked["licence"]), act, "演示 / demonstration")
        done = answer.status == 200
        return jsonify(message=_STATES[act] if done else answer.message), 200 if done else 409

    @app.post("/act/place")
    def place() -> Response:
        where = str(request.get_json()["place"])
        town.phone("place", {"place": where})
        return jsonify(message=f"手机到了{_PLACES[where]} / the phone is before the {where}")

    @app.post("/act/point")
    def point() -> Response:
        town.phone("point", {"challenge": town.kiosk_asks()})
        return jsonify(message="手机扫描了自助机的码,请在手机上决定 / scanned: decide on the phone")

    @app.post("/act/agent")
    def agent() -> Response:
        town.name_an_agent(str(request.get_json()["licence"]), purpose="window")
        return jsonify(message="委托证照已到手机 / the phone has a mandate for this licence")

    @app.post("/act/paper")
    def paper() -> Response:
        town.show_paper(str(request.get_json()["licence"]))
        return jsonify(message="已打印纸质码并出示 / a paper code is printed and held up")

    @app.post("/act/scanner")
    def scanner() -> Response:
        return jsonify(message=troubles.scan(Trouble(str(request.get_json()["trouble"]))))

    @app.post("/act/camera")
    def camera() -> Response:
        return jsonify(message=troubles.camera(CameraTrouble(str(request.get_json()["trouble"]))))

    @app.post("/act/paper-roll")
    def paper_roll() -> Response:
        return jsonify(message=troubles.paper(there=bool(request.get_json()["there"])))

    @app.post("/act/network")
    def network() -> Response:
        if request.get_json()["on"]:
            town.network.turn_on()
            return jsonify(message="窗口的网络已接通 / the counter is connected again")
        town.network.cut()
        return jsonify(message="窗口的网络已切断,它自己继续判断 / the counter is cut off and goes on deciding")

    return app


@click.command()
@click.option("--port", type=int, default=8000, show_default=True, help="Of the page; another one if it is taken.")
@click.option("--no-browser", is_flag=True, help="Do not open a browser.")
@click.option("--phone", is_flag=True, help="Only serve the web wallet, over https to a real phone in this network.")
def main(port: int, no_browser: bool, phone: bool) -> None:
    """Starts the demonstration town: a phone, a counter, a kiosk and an authority in one page."""
    # Also where the one who started it had interrupts ignored (a background job), and for `kill`.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    if phone:
        return _serve_phone()
    port = _port_or_another(port)
    origin = f"http://127.0.0.1:{port}"
    click.echo("Starting the town (authority, phone, counter, kiosk) … 正在启动演示小镇……")
    try:
        with tempfile.TemporaryDirectory(prefix="liangzheng-town-") as folder:
            town = Town(Path(folder), page_origin=origin, sync_every=3, wait=wiring.sleep, monotonic=wiring.monotonic)
            with town:
                click.echo(f"Ready 已就绪: {origin}   (Ctrl+C ends it 结束)")
                if not no_browser:
                    threading.Thread(target=webbrowser.open, args=(origin,), daemon=True).start()
                waitress.serve(create_app(town), host="127.0.0.1", port=port, threads=8, channel_timeout=10)
    except TownError as error:
        raise click.ClickException(str(error)) from error
    except KeyboardInterrupt:
        click.echo("The town has closed. 演示已结束。")


def _serve_phone() -> None:
    try:
        with tempfile.TemporaryDirectory(prefix="liangzheng-phone-") as folder:
            real_phone.run(Path(folder), wiring.now)
    except real_phone.PhoneError as error:
        raise click.ClickException(str(error)) from error
    except KeyboardInterrupt:
        click.echo("The wallet is no longer served. 已停止。")


def _port_or_another(port: int) -> int:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
