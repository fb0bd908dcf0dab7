/** Takes published files in, a line of JSON for each attempt, and says what is held after it. */

import process from "node:process";
import { createInterface } from "node:readline";

import { fromHex } from "../src/bytes.ts";
import { webCryptoCurves } from "../src/webCrypto.ts";
import { decodeBundle } from "../verifier/feedBundle.ts";
import { inflating } from "../verifier/inflating.ts";
import { knowledgeOf, type Material, restore, rootIn, storedOf, take } from "../verifier/material.ts";
import { MaterialError } from "../verifier/materialError.ts";

interface Asked {
  readonly bundle?: string;
  readonly root?: string;
  readonly at: number;
  readonly lookUp?: readonly (readonly [string, number])[];
  /** Read again what was stored, with one byte of its state changed where a place is given. */
  readonly restore?: number | null;
  readonly forget?: true;
}

const ports = {
  curves: webCryptoCurves<CryptoKey>(crypto.subtle as never),
  inflate: inflating(DecompressionStream as never),
};
let held: Material | null = null;
for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line) as Asked;
  let problem: string | null = null;
  let message = "";
  try {
    if (asked.forget) held = null;
    if (asked.bundle !== undefined) {
      const entries = decodeBundle(fromHex(asked.bundle));
      held = await take(entries, asked.root ?? (await rootIn(entries)).id, held, asked.at, ports);
    }
    if (asked.restore !== undefined) {
      const stored = storedOf(held!);
      if (asked.restore !== null) (stored.lists.find((each) => each instanceof Uint8Array) as Uint8Array)[asked.restore]! ^= 1;
      held = await restore(stored, asked.at, ports);
    }
  } catch (error) {
    if (!(error instanceof MaterialError)) throw error;
    [problem, message] = [error.problem, error.message];
  }
  const status = held && knowledgeOf(held).status;
  console.log(
    JSON.stringify({
      problem,
      message,
      region: held?.region ?? null,
      position: held?.feed ? [held.feed.checkpoint.position.epoch, held.feed.checkpoint.position.seq] : null,
      oldest: status?.oldest() ?? null,
      bans: held && [...held.bans],
      found: (asked.lookUp ?? []).map(([uri, idx]) => status?.lookUp(uri, idx)),
    }),
  );
}
