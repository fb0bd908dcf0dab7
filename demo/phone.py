"""The phone of the demonstration: a wallet behind a small web page, and the camera picture of its screen.

    GET  /               the page            GET  /state        what is shown, and what could be
    GET  /code.svg       the current code    POST /act/{show,portrait,read,scan,answer,short,away,trick,receive,…}
    GET  /code.txt       what the current code says, for a simulated scanner
    GET  /camera/PLACE.mjpg   what the camera of that terminal sees (counter, kiosk); 503 when it is unplugged
    POST /camera/trouble {"place": PLACE, "trouble": none, glare, frozen or unplugged}
    GET  /camera.jpg     the last picture of the camera that it is held before

Items are names; where several cards are shown they stand by card id, and null means what the wallet proposes:

    show      {"card": ID, "purpose": WORD, "items": [NAME]} or {"purpose": WORD, "items": {ID: [NAME] | null}}
    portrait  {"card": ID, "purpose": WORD, "items": [NAME]}
    answer    {"challenge": "LC1:…", "items": {ID: [NAME] | null} | null}
    short     {"code": TEN, "purpose": WORD, "items": {ID: [NAME] | null}}
    read      as answer or short; shows nothing and says who asks for what

A process of its own: `python -m demo.phone DIR --port N`.
"""

import threading
from pathlib import Path
from typing import Final

import click
import numpy as np
import waitress
from flask import Flask, Response, jsonify, render_template, request

from demo import same_site, wiring
from demo.handset import PICTURES_PER_SECOND, Phone, purpose_of
from demo.phone_sheets import request_json, text_in
from demo.scene import Cameras, CameraTrouble, Scene
from hardware.simulated.recording import MJPEG_CONTENT_TYPE, mjpeg_chunks
from wallet_sdk.errors import Language, WalletError
from wallet_sdk.joint_consent import JointDecision

SCANNER: Final = "scanner"
PLACES: Final = ("counter", "kiosk", SCANNER)
"""Where the phone can be held; before the scanner no camera sees it."""


def _said(decision: JointDecision, message: str) -> Response:
    cautions = "".join(f" {each.text(Language.ZH_HANS)} {each.text(Language.EN)}" for each in decision.cautions)
    return jsonify(message=message + cautions, linked=decision.is_linked)


def create_app(phone: Phone, in_front_of_camera: Cameras, *, csrf: str, embedded_in: str) -> Flask:
    """The pages of the phone."""
    app = Flask(__name__, static_folder="web/static", template_folder="web/templates")
    same_site.harden(app, csrf=csrf, frame_ancestors=embedded_in)

    @app.get("/")
    def page() -> str:
        return render_template("phone.html", csrf=csrf)

    @app.get("/state")
    def state() -> Response:
        return jsonify(phone.state())

    @app.get("/code.svg")
    def code() -> Response:
        return Response(phone.svg(), content_type="image/svg+xml")

    @app.get("/code.txt")
    def code_text() -> Response:
        return Response(phone.code_text(), content_type="text/plain; charset=utf-8")

    @app.get("/camera/<any(counter, kiosk):place>.mjpg")
    def film(place: str) -> Response:
        pictures = in_front_of_camera.film(place)
        return (
            Response(status=503)
            if pictures is None
            else Response(mjpeg_chunks(pictures), content_type=MJPEG_CONTENT_TYPE)
        )

    @app.post("/camera/trouble")
    def trouble() -> Response:
        asked = request.get_json()
        in_front_of_camera.make_trouble(str(asked["place"]), CameraTrouble(str(asked["trouble"])))
        return jsonify(message="")

    @app.get("/camera.jpg")
    def still() -> Response:
        return Response(in_front_of_camera.latest_jpeg(), content_type="image/jpeg")

    @app.post("/act/show")
    def show() -> Response:
        asked = request.get_json()
        if "card" not in asked:
            return _said(phone.show_several(purpose_of(asked), asked["items"]), "已亮证 / showing")
        phone.show(str(asked["card"]), purpose_of(asked), [str(name) for name in asked["items"]])
        return jsonify(message="已亮证 / showing")

    @app.post("/act/portrait")
    def portrait() -> Response:
        asked = request.get_json()
        items = [str(name) for name in asked["items"]]
        phone.show(str(asked["card"]), purpose_of(asked), items, with_portrait=True)
        return jsonify(message="已亮证，照片随动态码传送 / showing, the portrait in moving pictures")

    @app.post("/act/read")
    def read() -> Response:
        return jsonify(message="", request=request_json(phone.read(request.get_json())))

    @app.post("/act/scan")
    def scan() -> Response:
        return jsonify(message="", challenge=text_in(request.get_data()))

    @app.post("/act/answer")
    @app.post("/act/short")
    def answer() -> Response:
        asked, decision = phone.answer(request.get_json())
        return _said(decision, f"已回应 {asked.asker.relying_party} / answered")

    @app.post("/act/place")
    def place() -> Response:
        phone.go_to(str(request.get_json()["place"]))
        return jsonify(message="已走到另一台设备前 / before another terminal")

    @app.post("/act/point")
    def point() -> Response:
        phone.point_at(str(request.get_json()["challenge"]))
        return jsonify(message="手机已扫描屏幕上的请求 / the phone has scanned the request")

    @app.post("/act/paper")
    def paper() -> Response:
        phone.hold_paper(str(request.get_json()["code"]))
        return jsonify(message="已出示纸质码 / a paper code is held up")

    @app.post("/act/away")
    def away() -> Response:
        phone.put_away()
        return jsonify(message="已收起 / put away")

    @app.post("/act/trick")
    def trick() -> Response:
        phone.trick(str(request.get_json()["scene"]))
        return jsonify(message="已举到摄像头前 / held up")

    @app.post("/act/receive")
    def receive() -> Response:
        return jsonify(message=f"卡包收到 / received: {phone.receive(request.get_data())}")

    @app.post("/act/directory")
    def directory() -> Response:
        return jsonify(message=f"名录已更新 / directory taken: {phone.take_directory(request.get_data())}")

    @app.errorhandler(WalletError)
    def refused(error: WalletError) -> tuple[Response, int]:
        return jsonify(message=f"{error.user_text('zh-Hans')} / {error.user_text('en')}"), 409

    @app.errorhandler(click.UsageError)
    def misused(error: click.UsageError) -> tuple[Response, int]:
        return jsonify(message=error.message), 409

    return app


@click.command()
@click.argument("directory", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--port", type=int, required=True)
@click.option("--csrf", required=True, help="The token that the town's own requests carry.")
@click.option("--embedded-in", required=True, help="Origin of the page that may show this one in a frame.")
def main(directory: Path, port: int, csrf: str, embedded_in: str) -> None:
    """Serves the demonstration phone whose wallet lies in DIRECTORY."""
    seen = Cameras({name: Scene(np.random.default_rng(2026), wiring.sleep) for name in PLACES})
    phone = Phone(directory, seen, wiring.now)
    stop = threading.Event()

    def keep_rolling() -> None:
        while not stop.wait(1 / PICTURES_PER_SECOND):
            phone.roll()

    threading.Thread(target=keep_rolling, name="roll", daemon=True).start()
    app = create_app(phone, seen, csrf=csrf, embedded_in=embedded_in)
    # One thread a film; a film never ends by itself.
    waitress.serve(app, host="127.0.0.1", port=port, threads=12, channel_timeout=10)


if __name__ == "__main__":
    main()
