"""From a camera's picture to a verdict in Chromium: the TypeScript verifier with ZXing as WebAssembly.

    python -m bench.js_verifier [--rounds 200]

Each round is another credential and another code, drawn upright on 1280 × 720 grey pixels. Floor in the same run: the
two signatures of a code by WebCrypto, with keys that are loaded already.
"""

import argparse
import shutil
import subprocess
import tempfile
from base64 import b64encode
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from threading import Thread

from playwright.sync_api import sync_playwright

from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.verifier_js.film import picture
from tests.verifier_js.page import Region
from tests.wallet_js.conftest import JS
from tests.wallet_js.test_chromium import Quiet

SOURCE = """
export { load, textsIn } from "./camera/frameReader.ts";
export { webCryptoCurves } from "./src/webCrypto.ts";
export { appraise } from "./verifier/appraise.ts";
export { decodeBundle } from "./verifier/feedBundle.ts";
export { inflating } from "./verifier/inflating.ts";
export { knowledgeOf, rootIn, take } from "./verifier/material.ts";
"""
TIMED = """async ([pictures, bundle, at]) => {
  const its = await import("/bench.mjs");
  const curves = its.webCryptoCurves(crypto.subtle);
  await its.load();
  const entries = its.decodeBundle(Uint8Array.from(bundle));
  const ports = { curves, inflate: its.inflating(DecompressionStream) };
  const material = await its.take(entries, (await its.rootIn(entries)).id, null, at, ports);
  const knowledge = its.knowledgeOf(material);
  const face = { purpose: "window", region: material.region, attended: true, faceCompared: true };
  const context = { face, clock: { at, uncertainty: 1, plausible: true }, knowledge, wasUsed: () => false, curves };
  const drawing = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  Object.assign(drawing.canvas, { width: 1280, height: 720 });
  const times = { reading: [], verdict: [], whole: [], floor: [] };
  const [ed25519, p256] = await Promise.all([
    crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]),
    crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]),
  ]);
  const [message, es256] = [new Uint8Array(600), { name: "ECDSA", hash: "SHA-256" }];
  const signatures = await Promise.all([
    crypto.subtle.sign("Ed25519", ed25519.privateKey, message), crypto.subtle.sign(es256, p256.privateKey, message),
  ]);
  for (const [round, picture] of pictures.entries()) {
    const frame = await createImageBitmap(await (await fetch(picture)).blob());
    const begun = performance.now();
    drawing.drawImage(frame, 0, 0);
    const [text] = await its.textsIn(drawing.getImageData(0, 0, 1280, 720));
    const read = performance.now();
    const verdict = await its.appraise(text, context);
    const judged = performance.now();
    document.body.textContent = verdict.class;
    document.body.getBoundingClientRect();
    const shown = performance.now();
    if (verdict.class !== "accept") throw new Error(`round ${round}: ${JSON.stringify(verdict.findings)}`);
    times.reading.push(read - begun);
    times.verdict.push(judged - read);
    times.whole.push(shown - begun);
    const floor = performance.now();
    await crypto.subtle.verify("Ed25519", ed25519.publicKey, signatures[0], message);
    await crypto.subtle.verify(es256, p256.publicKey, signatures[1], message);
    times.floor.push(performance.now() - floor);
  }
  return times;
}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        site = Path(folder) / "site"
        site.mkdir()
        subprocess.run(["npm", "ci", "--ignore-scripts", "--silent"], cwd=JS, check=True)
        bundling = ["node_modules/.bin/esbuild", "--bundle", "--format=esm", "--loader=ts", "--minify"]
        subprocess.run([*bundling, f"--outfile={site / 'bench.mjs'}"], cwd=JS, check=True, input=SOURCE.encode())
        shutil.copy(JS / "node_modules/zxing-wasm/dist/reader/zxing_reader.wasm", site)
        (site / "index.html").write_text("<!doctype html><title>verifier</title>")
        region = Region(Path(folder) / "published")
        # Index 100 is suspended there.
        pictures = [_png(region.code(idx=1_000 + number)) for number in range(rounds)]
        handler: type[SimpleHTTPRequestHandler] = Quiet
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(site)))
        Thread(target=server.serve_forever, daemon=True).start()
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/")
        times = page.evaluate(TIMED, [pictures, list(region.bundle()), region.world.clock.at])
        version = browser.version
        browser.close()
        server.shutdown()
    names = {"reading": "picture to text", "verdict": "text to verdict", "whole": "picture to a verdict on the page"}
    for part, name in {**names, "floor": "two signatures by WebCrypto"}.items():
        ordered = sorted(times[part])
        print(f"{name}: p50 {ordered[len(ordered) // 2]:.2f} ms, p95 {ordered[len(ordered) * 95 // 100]:.2f} ms")
    print(f"Chromium {version}, {rounds} rounds")


def _png(text: str) -> str:
    encoded = BytesIO()
    picture(text).save(encoded, "PNG")
    return "data:image/png;base64," + b64encode(encoded.getvalue()).decode()


if __name__ == "__main__":
    main()
