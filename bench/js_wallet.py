"""Creating a code in Chromium, drawing included: the TypeScript wallet with a key of WebCrypto.

    python -m bench.js_wallet [--rounds 300]

Floor in the same run: one raw signature of the same key over as many bytes.
"""

import argparse
import subprocess
import tempfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from playwright.sync_api import sync_playwright

from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.wallet_js.conftest import JS
from tests.wallet_js.test_chromium import OPENED, SHOWN, Quiet
from wallet_sdk.testing import FakeClock, TestIssuer

TIMED = """async ([rounds, now]) => {
  const licence = wallet.cards()[0];
  const consent = wallet.request(licence, "window").approve();
  const whole = [], floor = [];
  const message = new Uint8Array(500);
  const sign = () => crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, pair.privateKey, message);
  for (let round = 0; round < rounds; round++) {
    window.now = now + 100 * round;
    const showing = wallet.show(licence, { audience: "window", consent });
    let begun = performance.now();
    document.body.innerHTML = (await showing.frame()).svg;
    document.body.getBoundingClientRect();
    whole.push(performance.now() - begun);
    begun = performance.now();
    await sign();
    floor.push(performance.now() - begun);
  }
  return [whole, floor].map((times) => times.sort((a, b) => a - b));
}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=300)
    rounds = parser.parse_args().rounds
    clock = FakeClock()
    issuer = TestIssuer(clock, failures=0)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        subprocess.run(["npm", "ci", "--ignore-scripts", "--silent"], cwd=JS, check=True)
        subprocess.run(["node", "build.mjs", folder], cwd=JS, check=True)
        (Path(folder) / "index.html").write_text("<!doctype html><title>wallet</title>")
        handler: type[SimpleHTTPRequestHandler] = Quiet
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=folder))
        Thread(target=server.serve_forever, daemon=True).start()
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/")
        public = bytes(page.evaluate(OPENED))
        page.evaluate(SHOWN, [list(issuer.issue(public)), int(clock())])
        whole, floor = page.evaluate(TIMED, [rounds, int(clock()) + 1_000])
        version = browser.version
        browser.close()
        server.shutdown()
    for name, times in (("a code, drawn", whole), ("one raw signature", floor)):
        print(f"{name}: p50 {times[len(times) // 2]:.2f} ms, p95 {times[len(times) * 95 // 100]:.2f} ms")
    print(f"Chromium {version}, {rounds} rounds")


if __name__ == "__main__":
    main()
