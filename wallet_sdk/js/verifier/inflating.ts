/** Inflates with what browsers and Node.js bring (Compression Streams), one chunk over the bound at most. */

import { concat } from "../src/bytes.ts";
import type { Inflate } from "./statusToken.ts";

/** The part of the global `DecompressionStream` that is used; given, so that nothing here names one. */
export type Decompression = new (format: "deflate") => {
  readonly readable: { getReader(): { read(): Promise<{ done: boolean; value?: Uint8Array }>; cancel(): Promise<void> } };
  readonly writable: { getWriter(): { write(chunk: Uint8Array): Promise<void>; close(): Promise<void> } };
};

export function inflating(Decompression: Decompression): Inflate {
  return async (stream, maxBytes) => {
    const { readable, writable } = new Decompression("deflate");
    const [writer, reader] = [writable.getWriter(), readable.getReader()];
    // What is wrong with the stream is said on the reading side; here it must only not go unheard.
    const written = Promise.all([writer.write(stream), writer.close()]).then(() => true, () => false);
    const parts: Uint8Array[] = [];
    let size = 0;
    try {
      for (let next = await reader.read(); !next.done; next = await reader.read()) {
        size += next.value!.length;
        // A bomb is told without inflating it.
        if (size > maxBytes) return await reader.cancel().then(() => null);
        parts.push(next.value!);
      }
    } catch {
      return null;
    }
    return (await written) ? concat(...parts) : null;
  };
}
