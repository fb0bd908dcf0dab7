/** What issuers have said of the licences here, up to where they were asked, and what waits at them; `openid4vci` writes it. */

import { isArray, isMap, type Key, type Value } from "./cbor.ts";
import { damaged, rowOf } from "./rows.ts";

/** A status that an issuer has announced, by the names of docs/spec/status-list.md; one that is unknown is `invalid`. */
export type Status = "suspended" | "device-lost" | "revoked" | "withdrawn" | "cancelled" | "superseded" | "invalid";
const STATUSES: readonly string[] = ["suspended", "device-lost", "revoked", "withdrawn", "cancelled", "superseded", "invalid"];

/** What stands against a licence since when. */
export interface ToldStatus {
  readonly status: Status;
  readonly at: number;
}

/** What a device is told of the holder's others: a key was bound to a licence, or a device was reported lost. */
export type DeviceEvent = "bound" | "lost";
const EVENTS: readonly string[] = ["bound", "lost"];

/** Something happened to another device of the holder: `device` is the SHA-256 of its key in hexadecimal digits. */
export interface ToldDevice {
  /** A licence that is held here, or that another device of the holder has. */
  readonly licenceId: string;
  readonly event: DeviceEvent;
  readonly device: string;
  readonly at: number;
}

/** What an issuer tells that is kept: what stands against a licence (null: nothing any more), or of a device. */
export type Word = { readonly licenceId: string; readonly told: ToldStatus | null } | ToldDevice;

/** A licence that an issuer owes this wallet. The token opens it, for this wallet's key alone. */
export interface Waiting {
  readonly issuer: string;
  readonly kind: string;
  readonly token: string;
  /** Of a licence that somebody looks at first; null: it can be asked for at once. */
  readonly transactionId: string | null;
  /** Seconds until it makes sense to ask again. */
  readonly interval: number;
}

/** What one issuer has said of its own licences, held here or not: it says everything once. */
export interface Said {
  readonly marks: ReadonlyMap<string, ToldStatus>;
  /** Up to where its notices were read. */
  readonly cursor: string;
  /** Those that the holder has not acknowledged, the oldest first. */
  readonly devices: readonly ToldDevice[];
}

export interface IssuerRecords {
  /** By address. */
  readonly issuers: ReadonlyMap<string, Said>;
  readonly waiting: readonly Waiting[];
}

export const NOTHING_SAID: IssuerRecords = { issuers: new Map(), waiting: [] };
export const NOBODY: Said = { marks: new Map(), cursor: "", devices: [] };
/** Of one issuer; the oldest give way. */
const MOST_MARKS = 1_000;
/** Of one issuer, the newest; three devices may hold a licence, so this is years of changes. */
const MOST_DEVICES = 100;

/** The status for an issuer's word; null: nothing stands against the licence. */
export function statusOf(status: string): Status | null {
  if (status === "valid") return null;
  const named = status.replace("_", "-");
  return STATUSES.includes(named) ? (named as Status) : "invalid";
}

/** What stands against a licence of this issuer; no issuer speaks of another's. */
export function toldOf({ issuers }: IssuerRecords, issuer: string | null, licenceId: string): ToldStatus | null {
  return (issuer === null ? undefined : issuers.get(issuer)?.marks.get(licenceId)) ?? null;
}

/** The same with these words of an issuer, in their order, and its new cursor; a device that was told before is told once. */
export function heard(before: Said, words: readonly Word[], cursor: string): Said {
  const marks = new Map(before.marks);
  const devices = [...before.devices];
  for (const word of words) {
    if ("device" in word) {
      if (!devices.some((each) => isSame(each, word))) devices.push(word);
      continue;
    }
    marks.delete(word.licenceId);
    if (word.told !== null) marks.set(word.licenceId, word.told);
  }
  devices.sort((a, b) => a.at - b.at);
  return { cursor, marks: new Map([...marks].slice(-MOST_MARKS)), devices: devices.slice(-MOST_DEVICES) };
}

export function isSame(one: ToldDevice, other: ToldDevice): boolean {
  return one.licenceId === other.licenceId && one.event === other.event && one.device === other.device && one.at === other.at;
}

export function written({ issuers, waiting }: IssuerRecords): Value {
  const said = [...issuers].map(([address, { marks, cursor, devices }]): [Key, Value] => {
    const rows = [...marks].map(([id, { status, at }]): [Key, Value] => [id, [status, at]]);
    return [address, [cursor, new Map(rows), devices.map(({ licenceId, event, device, at }) => [licenceId, event, device, at])]];
  });
  return [new Map(said), waiting.map((each) => [each.issuer, each.kind, each.token, each.transactionId, each.interval])];
}

export function read(value: Value | undefined): IssuerRecords {
  const [issuers, waiting] = rowOf(value, 2);
  if (!isMap(issuers) || !isArray(waiting)) return damaged("records of issuers in another form");
  return {
    issuers: new Map([...issuers].map(([address, row]) => [address as string, saidOf(row)])),
    waiting: waiting.map(waitingOf),
  };
}

function waitingOf(row: Value): Waiting {
  const [issuer, kind, token, transactionId, interval] = rowOf(row, 5);
  const isText = [issuer, kind, token, transactionId ?? ""].every((each) => typeof each === "string");
  if (!isText || typeof interval !== "number") return damaged("what waits, in another form");
  return { issuer, kind, token, transactionId, interval } as Waiting;
}

function saidOf(row: Value): Said {
  const [cursor, marks, devices] = rowOf(row, 3);
  if (typeof cursor !== "string" || !isMap(marks) || !isArray(devices)) return damaged("what an issuer said, in another form");
  return { cursor, marks: new Map([...marks].map(([id, mark]) => [id as string, readStatus(mark)])), devices: devices.map(readDevice) };
}

function readDevice(row: Value): ToldDevice {
  const [licenceId, event, device, at] = rowOf(row, 4);
  const isText = [licenceId, event, device].every((each) => typeof each === "string");
  if (!isText || !EVENTS.includes(event as string) || typeof at !== "number") return damaged("a device of another form");
  return { licenceId, event, device, at } as ToldDevice;
}

function readStatus(row: Value): ToldStatus {
  const [status, at] = rowOf(row, 2);
  // A word of a later version is still one against the licence.
  if (typeof status !== "string" || typeof at !== "number") return damaged("a mark of another form");
  return { status: statusOf(status) ?? "invalid", at };
}
