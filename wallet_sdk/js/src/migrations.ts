/** Brings the content that an older version of this library wrote into the present form, step by step; the next save writes that. */

import { isArray, type Value } from "./cbor.ts";
import { NOTHING_SAID, written } from "./issuerRecords.ts";
import { refuse } from "./protocolError.ts";

export const CURRENT = 2;

type Content = readonly Value[];

/** What version `CURRENT` writes: `[version, licences, regions, records of issuers]`. */
export function toCurrent(content: Value): Content {
  const version = isArray(content) ? content[0] : undefined;
  if (typeof version !== "number" || version < 1 || version > CURRENT) refuse("E_SCHEMA", "no content of a wallet");
  return STEPS.slice(version - 1).reduce((before, step) => step(before), content as Content);
}

const STEPS: readonly ((before: Content) => Content)[] = [
  // 2 has what issuers have said, and what waits at them.
  ([, licences, regions]) => [2, licences!, regions!, written(NOTHING_SAID)],
];
