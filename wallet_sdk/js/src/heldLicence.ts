/** A licence as its holder sees it: every item with its value, and the disclosures that let exactly it out. */

import { toHex } from "./bytes.ts";
import { type CborMap, decode, isBytes, isMap, type Key, REDACTED_KEYS, type Value } from "./cbor.ts";
import { isGroup, type Kind } from "./catalogue.ts";
import * as credential from "./credential.ts";
import type { UnverifiedCredential } from "./credential.ts";
import type { WalletDirectory } from "./directory.ts";
import { refuse } from "./protocolError.ts";
import { type Disclosure, disclosure, hashes } from "./sdCwt.ts";
import { endOfLocalDay, localMidnight } from "./time.ts";

const [VALID_FROM, VALID_TO] = [6, 7];

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
  /** The holder's own word for where it belongs. */
  readonly group: string | null;
}

/** The first moment at which it may be shown. */
export function begins(licence: HeldLicence): number {
  const first = dayOf(licence, VALID_FROM);
  const latest = licence.credentials.map(({ issued: { claims } }) => Math.max(claims.nbf, claims.iat));
  return Math.max(...latest, first === null ? 0 : localMidnight(first));
}

/** The midnight that ends its last day; null if it has none. */
export function legalEnd(licence: HeldLicence): number | null {
  const last = dayOf(licence, VALID_TO);
  return last === null ? null : endOfLocalDay(last);
}

/** When the first of its credentials ends. */
export function credentialEnd(licence: HeldLicence): number {
  return Math.min(...licence.credentials.map(({ issued: { claims } }) => claims.exp));
}

function dayOf({ credentials: [flexible] }: HeldLicence, key: number): number | null {
  const value = flexible.items.get(key)?.value;
  return typeof value === "number" ? value : null;
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
