/** The items of a presented licence: laid out flat, checked against the catalogue, shown in part where policy masks them. */

import { type CborMap, isMap, type Key, type Value } from "../src/cbor.ts";
import { checkValue, type Item, isGroup, type Kind } from "../src/catalogue.ts";
import { refuse } from "../src/protocolError.ts";
import { isDay } from "../src/time.ts";

/** `lic` keys (protocol/labels.py). */
export const LIC = {
  name: 1, citizenId: 3, uscc: 4, licenceNo: 5, validFrom: 6, validTo: 7, authority: 9, birthDate: 11, address: 13, portraitSha256: 14,
  legalRepresentative: 15, identifier: 21,
} as const;

export type Items = ReadonlyMap<Key, Value>;

/** The items without their groups. Refuses a group that is no map, one inside another, and an item in two places. */
export function flatten(disclosed: CborMap): Items {
  const flat = new Map<Key, Value>();
  const place = (key: Key, value: Value) => {
    if ((typeof key !== "number" && typeof key !== "bigint") || flat.has(key) || isGroup(key))
      refuse("E_SCHEMA", "an item in two places, or a group inside a group");
    flat.set(key, value);
  };
  for (const [key, value] of disclosed) {
    if (!isGroup(key)) place(key, value);
    else if (isMap(value)) for (const [inner, member] of value) place(inner, member);
    else refuse("E_SCHEMA", "a group that is no map");
  }
  return flat;
}

/** Refuses an item that the catalogue knows and that has not the form that it gives; others are never shown. */
export function check(kind: Kind, items: Items): void {
  for (const item of kind.items) if (items.has(item.key)) checkValue(item, items.get(item.key)!);
}

/** What may be shown: undemanded items dropped, masked ones masked. */
export function shown(
  kind: Kind,
  demanded: ReadonlySet<number>,
  masked: ReadonlySet<number>,
  items: Items,
): ReadonlyMap<number, Value> {
  const found = kind.items.filter((item) => items.has(item.key) && demanded.has(item.key));
  return new Map(
    found.map((item) => [item.key, masked.has(item.key) ? maskedValue(item, items.get(item.key)!) : items.get(item.key)!]),
  );
}

const STAR = "*";
const SEPARATORS = "·•・‧. ";

/** The part of this value that may be shown; null where nothing of it may. */
function maskedValue(item: Item, value: Value): Value {
  if (typeof value !== "string" || ["date", "integer", "digest"].includes(item.type)) return null;
  const isText = item.type === "text";
  if (isText && (item.key === LIC.name || item.key === LIC.legalRepresentative)) return maskedName(value);
  if (isText && item.key === LIC.address) {
    const parts = clusters(value);
    return parts.slice(0, Math.min(6, Math.floor(parts.length / 2))).join("") + STAR.repeat(3);
  }
  return maskedNumber(value);
}

/** The first and the last character stay, of two only the first; separators stay. */
function maskedName(text: string): string {
  const parts = clusters(text);
  const letters = parts.flatMap((part, at) => (SEPARATORS.includes(part) ? [] : [at]));
  const kept = letters.length === 2 ? [letters[0]] : letters.length > 2 ? [letters[0], letters.at(-1)] : [];
  return parts.map((part, at) => (kept.includes(at) || SEPARATORS.includes(part) ? part : STAR)).join("");
}

/** The first three and the last four characters stay; of a short one the first and the last, or none. */
function maskedNumber(text: string): string {
  const parts = clusters(text);
  const [head, tail] = parts.length >= 14 ? [3, 4] : parts.length >= 4 ? [1, 1] : [0, 0];
  const hidden = STAR.repeat(parts.length - head - tail);
  return parts.slice(0, head).join("") + hidden + parts.slice(parts.length - tail).join("");
}

/** Characters with the marks and variation selectors that belong to them. */
function clusters(text: string): string[] {
  const found: string[] = [];
  for (const character of text)
    if (found.length > 0 && /^\p{M}$/u.test(character)) found[found.length - 1] += character;
    else found.push(character);
  return found;
}

/** Whether the person of these items is younger than so many full years (法释〔2006〕1号); null where nobody can tell. */
export function isUnder(years: number, items: Items, at: number): boolean | null {
  const number = items.get(LIC.citizenId);
  const read = typeof number === "string" ? /^[0-9]{6}([0-9]{8})[0-9]{3}[0-9X]$/.exec(number) : null;
  const births = [items.get(LIC.birthDate), read === null ? null : Number(read[1])].filter(isDay);
  const date = new Date((at + 8 * 3_600) * 1_000);
  const year = date.getUTCFullYear();
  // A clock beyond every calendar knows nobody's age.
  if (births.length === 0 || !(year >= 1 && year <= 9_999)) return null;
  const today = year * 10_000 + (date.getUTCMonth() + 1) * 100 + date.getUTCDate();
  return today <= Math.max(...births) + years * 10_000;
}

const IDENTIFIER = /^1\.2\.156\.3005\.2\.([0-9A-Z]{21})\.([0-9A-Z]{6,18})\.([0-9A-Z]{7,32})\.([0-9]{3})\.([0-9A-Z])$/;
const CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** Whether an identifier is there that is not of GB/T 36904-2018, or of a faulty routine (ISO 7064 MOD 37,36). */
export function isIdentifierLegacy(items: Items): boolean {
  const value = items.get(LIC.identifier);
  if (value === undefined || value === null) return false;
  const read = typeof value === "string" ? IDENTIFIER.exec(value) : null;
  if (read === null) return true;
  let product = 36;
  for (const character of read.slice(1, 5).join("")) {
    product = (product + CHARACTERS.indexOf(character)) % 36 || 36;
    product = (product * 2) % 37;
  }
  return CHARACTERS[(37 - product) % 36] !== read[5];
}
