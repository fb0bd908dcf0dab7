/** What @noble and lean-qr want and mini-programs lack, for the mini-program bundle alone (esbuild puts it in). */

import { utf8 } from "../src/bytes.ts";

export class TextEncoder {
  encode(text = ""): Uint8Array {
    return utf8(text) ?? new Uint8Array();
  }
}
