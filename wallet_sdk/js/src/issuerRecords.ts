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
}

export interface IssuerRecords {
  /** By address. */
  readonly issuers: ReadonlyMap<string, Said>;
  readonly waiting: readonly Waiting[];
}

export const NOTHING_SAID: IssuerRecords = { issuers: new Map(), waiting: [] };

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

export function written({ issuers, waiting }: IssuerRecords): Value {
  const said = [...issuers].map(([address, { marks, cursor }]): [Key, Value] => {
    const rows = [...marks].map(([id, { status, at }]): [Key, Value] => [id, [status, at]]);
    return [address, [cursor, new Map(rows)]];
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
  const [cursor, marks] = rowOf(row, 2);
  if (typeof cursor !== "string" || !isMap(marks)) return damaged("what an issuer said, in another form");
  return { cursor, marks: new Map([...marks].map(([id, mark]) => [id as string, readStatus(mark)])) };
}

function readStatus(row: Value): ToldStatus {
  const [status, at] = rowOf(row, 2);
  // A word of a later version is still one against the licence.
  if (typeof status !== "string" || typeof at !== "number") return damaged("a mark of another form");
  return { status: statusOf(status) ?? "invalid", at };
}
