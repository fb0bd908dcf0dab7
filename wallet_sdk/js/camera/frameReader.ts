/**
 * Finds QR codes in pictures: ZXing-C++ as WebAssembly, loaded when a camera is first opened.
 *
 * Its file lies beside this script, as `build.mjs` puts it: the package's own default would fetch it from elsewhere.
 */

import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";

const WASM = "zxing_reader.wasm";
/** More codes than anybody holds up at once: a wall of them must not stop a counter. */
const MOST_CODES = 4;

/** Loads what reads. @throws When the file beside this script cannot be had, or the browser may not run it. */
export async function load(): Promise<void> {
  const overrides = { locateFile: () => new URL(WASM, import.meta.url).href };
  await prepareZXingModule({ overrides, fireImmediately: true, equalityFn: () => true });
}

/** The texts of the codes in one picture. */
export async function textsIn(picture: ImageData): Promise<readonly string[]> {
  // "Plain": the text as it stands in the code; ours are alphanumeric, and nothing may be made prettier.
  const found = await readBarcodes(picture, { formats: ["QRCode"], maxNumberOfSymbols: MOST_CODES, textMode: "Plain" });
  return found.map((code) => code.text);
}
