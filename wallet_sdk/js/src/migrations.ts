/** Brings the content that an older version of this library wrote into the present form, step by step; the next save writes that. */

import { isArray, isMap, type Key, type Value } from "./cbor.ts";
import { NOTHING_SAID, written } from "./issuerRecords.ts";
import { damaged, rowOf } from "./rows.ts";
import { WalletError } from "./walletError.ts";

export const CURRENT = 3;
/** Version, licences, regions, records of issuers. */
const PARTS = 4;

type Content = readonly Value[];

/** What version `CURRENT` writes: `[version, licences, regions, records of issuers]`. */
export function toCurrent(content: Value): Content {
  const version = isArray(content) ? content[0] : undefined;
  if (typeof version !== "number" || version < 1) return damaged("no content of a wallet");
  if (version > CURRENT) throw new WalletError("WALLET_TOO_NEW", `version ${version}, where ${CURRENT} is known`);
  return STEPS.slice(version - 1).reduce((before, step) => step(before), rowOf(content, PARTS));
}

const STEPS: readonly ((before: Content) => Content)[] = [
  // 2 has what issuers have said, and what waits at them.
  ([, licences, regions]) => [2, licences!, regions!, written(NOTHING_SAID)],
  // 3 has what issuers have told of the holder's other devices.
  ([, licences, regions, records]) => [3, licences!, regions!, withDevices(records)],
];

function withDevices(records: Value | undefined): Value {
  const [issuers, waiting] = rowOf(records, 2);
  if (!isMap(issuers)) return damaged("records of issuers in another form");
  const said = [...issuers].map(([address, row]): [Key, Value] => {
    const [cursor, marks] = rowOf(row, 2);
    return [address, [cursor!, marks!, []]];
  });
  return [new Map(said), waiting!];
}
