"""What showing costs: a code without its picture against one raw signature in the same run, and the picture.

    .venv/bin/python bench/wallet.py [ROUNDS]

The bar: creating a code of a running showing without drawing it ≤ 3 × one raw signature. Medians; every signature is
over fresh bytes.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
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
from tests.wallet.issued import AT, Authority, encoded, holder_key
from wallet_sdk import Wallet, drawing


def microseconds(act: Callable[[], object], rounds: int) -> float:
    times: list[float] = []
    for _ in range(rounds):
        start = time.perf_counter()
        act()
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e6


def automatic_mask(text: str) -> None:
    code = QRCode(version=drawing.version_for(text), error_correction=ERROR_CORRECT_L)
    code.add_data(QRData(text, mode=MODE_ALPHA_NUM), optimize=0)
    code.make(fit=False)


def main(rounds: int) -> None:
    for alg in Alg:
        signer = keys.signer_for(alg, os.urandom(32))
        raw = microseconds(lambda signer=signer: signer.sign(os.urandom(500)), rounds)
        for name, items in (("V", None), ("F", ["name", "citizen_id", "address"])):
            moment = count(AT, 30)
            with tempfile.TemporaryDirectory() as folder:
                wallet = Wallet.create(Path(folder) / "wallet", key=alg, clock=lambda: AT)
                card = wallet.receive(encoded(Authority().package(holder_key(wallet.public_key()))))
                decision = wallet.request(card, Purpose.WINDOW).approve(items)
                with wallet.show(card, audience=Purpose.WINDOW, consent=decision) as showing:
                    made = microseconds(lambda m=moment, s=showing: s.frame(UnixTime(next(m) % 86400 + AT)), rounds)
                    frame = showing.frame()
                first = microseconds(
                    lambda w=wallet, c=card, d=decision: w.present_once(c, audience=Purpose.WINDOW, consent=d), rounds
                )
            print(
                f"{alg.name} {name}: rolled code {made:.0f} us = {made / raw:.1f} x raw sign {raw:.0f} us; the first, "
                f"with consent and selection, {first:.0f} us; {len(frame.text)} characters, version {frame.version}"
            )
    text = "LZ1:" + base45.encode(os.urandom(442))
    print(f"base45 of 442 bytes {microseconds(lambda: base45.encode(os.urandom(442)), rounds):.0f} us")
    print(f"drawing v{drawing.version_for(text)}: {microseconds(lambda: drawing.modules(text), 20) / 1000:.1f} ms")
    print(f"  with the mask chosen among eight: {microseconds(lambda: automatic_mask(text), 5) / 1000:.1f} ms")
    matrix = drawing.modules(text)
    print(f"  svg {microseconds(lambda: drawing.svg(matrix, 'x'), 50) / 1000:.2f} ms, ", end="")
    print(f"png {microseconds(lambda: drawing.png(matrix), 50) / 1000:.2f} ms")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
