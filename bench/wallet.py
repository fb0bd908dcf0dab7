"""What showing costs: codes without their pictures against one raw signature in the same run, and the pictures.

    .venv/bin/python bench/wallet.py [ROUNDS]

The bar: creating a code of a running showing without drawing it ≤ 3 × one raw signature. Medians; every signature is
over fresh bytes, and every act takes its turn with the raw signature, so that both see the same machine. "First" is
`wallet.show(…)` and its first frame, from a decision that was made before, with the history's line; "answer" likewise.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from qrcode.constants import ERROR_CORRECT_L
from qrcode.main import QRCode
from qrcode.util import MODE_ALPHA_NUM, QRData

from protocol import keys
from protocol.labels import Alg, Purpose
from protocol.qr import base45
from protocol.unixtime import UnixTime
from tests.wallet.asked import Terminal
from tests.wallet.issued import AT, ID_KIND, ID_VALUES, Authority, encoded, holder_key
from wallet_sdk import Frame, Showing, Wallet, drawing
from wallet_sdk.joint_consent import Addressee

Acts = Mapping[str, Callable[[], object]]


def microseconds(act: Callable[[], object], rounds: int) -> float:
    return in_turns({"": act}, rounds)[""]


def in_turns(acts: Acts, rounds: int) -> dict[str, float]:
    """Medians in microseconds."""
    times: dict[str, list[float]] = {name: [] for name in acts}
    for _ in range(rounds):
        for name, act in acts.items():
            start = time.perf_counter()
            act()
            times[name].append(time.perf_counter() - start)
    return {name: statistics.median(each) * 1e6 for name, each in times.items()}


def rolling(showing: Showing) -> Callable[[], object]:
    """Each call signs: the next moment is half a minute later."""
    moments = count(AT, 30)
    return lambda: showing.frame(UnixTime((next(moments) - AT) % 86_400 + AT))


def automatic_mask(text: str) -> None:
    code = QRCode(version=drawing.version_for(text), error_correction=ERROR_CORRECT_L)
    code.add_data(QRData(text, mode=MODE_ALPHA_NUM), optimize=0)
    code.make(fit=False)


def showings(wallet: Wallet, authority: Authority) -> tuple[Acts, Mapping[str, Showing]]:
    """What is measured, and the showings whose codes are told."""
    holder = holder_key(wallet.public_key())
    card = wallet.receive(encoded(authority.package(holder)))
    others = [wallet.receive(encoded(authority.other_package(holder, ID_KIND, ID_VALUES, each))) for each in "ab"]
    view = wallet.request(card, Purpose.WINDOW).approve()
    chosen = wallet.request(card, Purpose.WINDOW).approve(["name", "citizen_id", "address"])
    views = {card.id: ["name", "class", "valid_to"], **{each.id: ["name", "citizen_id"] for each in others}}
    three = wallet.request_bundle([card, *others], Purpose.WINDOW).approve(views)
    asked = Terminal(authority).asks()
    request = wallet.read_challenge(asked)
    agreed = request.approve()
    open_showings = {
        "V": wallet.show(card, audience=Purpose.WINDOW, consent=view),
        "F": wallet.show(card, audience=Purpose.WINDOW, consent=chosen),
        "bundle of three V": wallet.show_bundle(consent=three),
    }

    def first_of_three() -> None:
        with wallet.show_bundle(consent=three) as showing:
            showing.frame()

    def anew(items: list[str] | None) -> Frame:
        """From the question on: what is prepared when the holder is asked counts, too."""
        decision = wallet.request(card, Purpose.WINDOW).approve(items)
        return wallet.present_once(card, audience=Purpose.WINDOW, consent=decision)

    def unprepared() -> Frame:
        licence = wallet._vault.current().licences[card.id]
        licence.selections.clear()
        for each in licence.credentials:
            each.texts.clear()
        return wallet.present_once(card, audience=Purpose.WINDOW, consent=view)

    written = (wallet._vault.folder / "peer").open("wb", buffering=0)

    def durable() -> None:
        written.write(b"x" * 150)
        os.fsync(written.fileno())

    acts: dict[str, Callable[[], object]] = {
        **{f"{name}, rolled": rolling(showing) for name, showing in open_showings.items()},
        "V, first": lambda: wallet.present_once(card, audience=Purpose.WINDOW, consent=view),
        "F, first": lambda: wallet.present_once(card, audience=Purpose.WINDOW, consent=chosen),
        "V, first, with nothing prepared": unprepared,
        "V, from the question to the first": lambda: anew(None),
        "F, from the question to the first": lambda: anew(["name", "citizen_id", "address"]),
        "the history's line alone": lambda: wallet.history.add((), Addressee.open(Purpose.WINDOW), None),
        "peer: 150 bytes and an fsync on the same disk": durable,
        "bundle of three V, first": first_of_three,
        "V sealed, answer": lambda: wallet.answer(request, agreed),
        "challenge, read": lambda: wallet.read_challenge(asked),
    }
    return acts, open_showings


def main(rounds: int) -> None:
    for alg in Alg:
        signer = keys.signer_for(alg, os.urandom(32))
        with tempfile.TemporaryDirectory() as folder:
            wallet = Wallet.create(Path(folder) / "wallet", key=alg, clock=lambda: AT)
            acts, shown = showings(wallet, Authority())
            measured = in_turns({"raw": lambda signer=signer: signer.sign(os.urandom(500)), **acts}, rounds)
            raw = measured.pop("raw")
            print(f"{alg.name}: one raw signature {raw:.0f} us")
            for name, each in measured.items():
                print(f"  {name}: {each:.0f} us = {each / raw:.1f} x")
            for name, showing in shown.items():
                frame = showing.frame()
                print(f"  {name}: {len(frame.text)} characters, version {frame.version}")
    text = "LZ1:" + base45.encode(os.urandom(442))
    print(f"base45 of 442 bytes {microseconds(lambda: base45.encode(os.urandom(442)), rounds):.0f} us")
    print(f"drawing v{drawing.version_for(text)}: {microseconds(lambda: drawing.modules(text), 20) / 1000:.1f} ms")
    print(f"  with the mask chosen among eight: {microseconds(lambda: automatic_mask(text), 5) / 1000:.1f} ms")
    matrix = drawing.modules(text)
    print(f"  svg {microseconds(lambda: drawing.svg(matrix, 'x'), 50) / 1000:.2f} ms, ", end="")
    print(f"png {microseconds(lambda: drawing.png(matrix), 50) / 1000:.2f} ms")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
