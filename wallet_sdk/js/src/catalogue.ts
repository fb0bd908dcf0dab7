/** Licence kinds (docs/spec/signed-documents.md): names and items in three languages, and what a value may be. */

import { type CborMap, isArray, isBytes, isMap, type Value } from "./cbor.ts";
import { isText, text } from "./claims.ts";
import { isVct } from "./credential.ts";
import { refuse } from "./protocolError.ts";
import { isDay } from "./time.ts";

export type Language = "zh-Hans" | "zh-Hant" | "en";
export type Names = Readonly<Record<Language, string>>;

export interface Item {
  readonly key: number;
  readonly name: string;
  readonly type: string;
  readonly maxBytes: number;
  readonly required: boolean;
  readonly labels: Names;
  readonly isClear: boolean;
}

export interface Kind {
  readonly vct: number;
  readonly slug: string;
  readonly names: Names;
  readonly holder: string;
  readonly reminderDays: readonly number[];
  readonly items: readonly Item[];
}

const KIND_LABELS = Array.from({ length: 13 }, (_, at) => at + 1);
const ITEM_LABELS = Array.from({ length: 7 }, (_, at) => at + 1);
const MAX_ITEMS = 64;
const MAX_NAME = 120;
const TYPES = ["text", "date", "integer", "citizen-id", "uscc", "digest", "identifier"];

export function kindsOf(value: Value): ReadonlyMap<number, Kind> {
  if (!isArray(value) || value.length === 0) refuse("E_SCHEMA", "a catalogue without kinds");
  const kinds = new Map(value.map(kindOf).map((kind) => [kind.vct, kind] as const));
  if (kinds.size !== value.length) refuse("E_SCHEMA", "two kinds have one number");
  return kinds;
}

/** Items whose absence the issuer itself signs: a licence may lack them, and clear, nobody can withhold them. */
export function absenceIsStated(kind: Kind): readonly number[] {
  return kind.items.filter((item) => !item.required && item.isClear).map((item) => item.key);
}

/** Refuses a value that the item may not have; the message names the item, never the value. */
export function checkValue(item: Item, value: Value): void {
  const fits = {
    date: () => isDay(value),
    integer: () => typeof value === "number" && value >= 0,
    digest: () => isBytes(value) && value.length === 32,
  }[item.type];
  if (!(fits === undefined ? isText(value, item.maxBytes) : fits())) refuse("E_SCHEMA", `item ${item.name}`);
}

function kindOf(value: Value): Kind {
  if (!hasExactly(value, KIND_LABELS)) refuse("E_SCHEMA", "a kind that has not exactly its entries");
  const [vct, reminders, items] = [1, 7, 9].map((label) => value.get(label));
  if (!isVct(vct)) refuse("E_SCHEMA", "a kind without a number");
  if (!isArray(items) || items.length === 0 || items.length > MAX_ITEMS) refuse("E_SCHEMA", "no items, or too many");
  const its = items.map(itemOf);
  if (new Set(its.map((item) => item.key)).size !== its.length || new Set(its.map((item) => item.name)).size !== its.length)
    refuse("E_SCHEMA", "two items have one key or name");
  if (!isArray(reminders)) refuse("E_SCHEMA", "reminders are not an array");
  return {
    vct,
    slug: text(value, 2, MAX_NAME),
    names: namesOf(value.get(3)),
    holder: text(value, 4, MAX_NAME),
    reminderDays: reminders.map((each) => (typeof each === "number" && each > 0 ? each : refuse("E_SCHEMA", "days"))),
    items: its,
  };
}

function itemOf(value: Value): Item {
  if (!hasExactly(value, ITEM_LABELS)) refuse("E_SCHEMA", "an item that has not exactly its entries");
  const [key, type, maxBytes, required, layout] = [1, 3, 4, 5, 7].map((label) => value.get(label));
  if (typeof key !== "number" || isGroup(key)) refuse("E_SCHEMA", "an item without a key of its own");
  if (typeof maxBytes !== "number" || maxBytes < 1 || typeof required !== "boolean") refuse("E_SCHEMA", `item ${key}`);
  if (typeof type !== "string" || !TYPES.includes(type)) refuse("E_SCHEMA", `item ${key} has no type`);
  if (typeof layout !== "number") refuse("E_SCHEMA", `item ${key} has no layout`);
  const [name, labels] = [text(value, 2, MAX_NAME), namesOf(value.get(6))];
  return { key, name, type, maxBytes, required, labels, isClear: layout === 0 };
}

function namesOf(value: Value | undefined): Names {
  if (!isArray(value) || value.length !== 3 || !value.every((name) => isText(name, MAX_NAME)))
    refuse("E_SCHEMA", "names are not three texts");
  const [hans, hant, en] = value as readonly [string, string, string];
  return { "zh-Hans": hans, "zh-Hant": hant, en };
}

export function isGroup(key: unknown): boolean {
  return typeof key === "number" && key >= 200 && key <= 215;
}

function hasExactly(value: Value, labels: readonly number[]): value is CborMap {
  return isMap(value) && value.size === labels.length && labels.every((label) => value.has(label));
}
