/** A licence as its holder sees it: every item with its value, and the disclosures that let exactly it out. */

import { toHex } from "./bytes.ts";
import { type CborMap, decode, isBytes, isMap, type Key, REDACTED_KEYS, type Value } from "./cbor.ts";
import { isGroup, type Kind } from "./catalogue.ts";
import * as credential from "./credential.ts";
import type { UnverifiedCredential } from "./credential.ts";
import type { WalletDirectory } from "./directory.ts";
import { refuse } from "./protocolError.ts";
import { type Disclosure, disclosure, hashes } from "./sdCwt.ts";

export interface HeldItem {
  readonly key: number;
  readonly value: Value;
  /** Hashes of the disclosures that show it; none if it stands clear. */
  readonly needs: readonly string[];
}

export interface HeldCredential {
  readonly issued: UnverifiedCredential;
  readonly items: ReadonlyMap<number, HeldItem>;
  readonly disclosures: readonly Disclosure[];
}

/** The flexible credential first, then views. */
export interface HeldLicence {
  readonly id: string;
  readonly kind: Kind;
  readonly directory: WalletDirectory;
  readonly credentials: readonly [HeldCredential, ...HeldCredential[]];
  readonly portrait: Uint8Array | null;
  readonly refreshUrl: string | null;
}

export function held(encoded: Uint8Array): HeldCredential {
  const issued = credential.parse(decode(encoded));
  const disclosures = issued.disclosures.map(disclosure);
  const byHash = new Map(disclosures.map((each) => [each.hash, each] as const));
  const items = new Map<number, HeldItem>();
  const walk = (entries: CborMap, needs: readonly string[]): void => {
    for (const [key, value] of entries) if (key !== REDACTED_KEYS) add(key, value, needs);
    for (const hash of hashes(entries)) {
      const hidden = isBytes(hash) ? byHash.get(toHex(hash)) : undefined;
      if (hidden !== undefined && hidden.key !== null) add(hidden.key, hidden.value, [...needs, hidden.hash]);
    }
  };
  const add = (key: Key, value: Value, needs: readonly string[]): void => {
    if (typeof key !== "number") return refuse("E_SD_SHAPE", "an item whose key is not an integer");
    if (isGroup(key) && isMap(value)) return walk(value, needs);
    if (items.has(key)) refuse("E_SD_DUPKEY", `item ${key} stands in two places`);
    items.set(key, { key, value, needs });
  };
  walk(issued.redactedLic, []);
  return { issued, items, disclosures };
}

/** Items that every presentation of this credential shows. */
export function clearKeys(its: HeldCredential): readonly number[] {
  return [...its.items.values()].filter((item) => item.needs.length === 0).map((item) => item.key);
}

export function shownBy(its: HeldCredential, chosen: ReadonlySet<string>): ReadonlySet<number> {
  const shown = [...its.items.values()].filter((item) => item.needs.every((hash) => chosen.has(hash)));
  return new Set(shown.map((item) => item.key));
}
