/** What issuers have said of the licences here, up to where they were asked, and what waits at them; `openid4vci` writes it. */

import { isArray, isMap, type Key, type Value } from "./cbor.ts";
import { refuse } from "./protocolError.ts";

/** A status that an issuer has announced, by the names of docs/spec/status-list.md; one that is unknown is `invalid`. */
export type Standing = "suspended" | "device-lost" | "revoked" | "withdrawn" | "cancelled" | "superseded" | "invalid";
const STANDINGS: readonly string[] = ["suspended", "device-lost", "revoked", "withdrawn", "cancelled", "superseded", "invalid"];

/** What stands against a licence since when. */
export interface Mark {
  readonly standing: Standing;
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
  readonly marks: ReadonlyMap<string, Mark>;
  /** Up to where its notices were read. */
  readonly cursor: string;
}

export interface IssuerRecords {
  /** By address. */
  readonly issuers: ReadonlyMap<string, Said>;
  readonly waiting: readonly Waiting[];
}

export const NOTHING_SAID: IssuerRecords = { issuers: new Map(), waiting: [] };

/** The standing for an issuer's word; null: nothing stands against the licence. */
export function standingOf(status: string): Standing | null {
  if (status === "valid") return null;
  const named = status.replace("_", "-");
  return STANDINGS.includes(named) ? (named as Standing) : "invalid";
}

/** What stands against a licence of this issuer; no issuer speaks of another's. */
export function markOf({ issuers }: IssuerRecords, issuer: string | null, licenceId: string): Mark | null {
  return (issuer === null ? undefined : issuers.get(issuer)?.marks.get(licenceId)) ?? null;
}

export function written({ issuers, waiting }: IssuerRecords): Value {
  const said = [...issuers].map(([address, { marks, cursor }]): [Key, Value] => {
    const rows = [...marks].map(([id, { standing, at }]): [Key, Value] => [id, [standing, at]]);
    return [address, [cursor, new Map(rows)]];
  });
  return [new Map(said), waiting.map((each) => [each.issuer, each.kind, each.token, each.transactionId, each.interval])];
}

export function read(value: Value | undefined): IssuerRecords {
  const [issuers, waiting] = isArray(value) ? value : [];
  if (!isMap(issuers) || !isArray(waiting)) refuse("E_SCHEMA", "records of issuers in another form");
  return {
    issuers: new Map([...issuers].map(([address, row]) => [address as string, saidOf(row)])),
    waiting: waiting.map((row) => {
      const [issuer, kind, token, transactionId, interval] = row as unknown as readonly [
        string, string, string, string | null, number,
      ]; // prettier-ignore
      return { issuer, kind, token, transactionId, interval };
    }),
  };
}

function saidOf(row: Value): Said {
  const [cursor, marks] = isArray(row) ? row : [];
  if (typeof cursor !== "string" || !isMap(marks)) refuse("E_SCHEMA", "what an issuer said, in another form");
  return { cursor, marks: new Map([...marks].map(([id, mark]) => [id as string, readMark(mark)])) };
}

function readMark(row: Value): Mark {
  const [standing, at] = isArray(row) ? row : [];
  // A word of a later version is still one against the licence.
  if (typeof standing !== "string" || typeof at !== "number") refuse("E_SCHEMA", "a mark of another form");
  return { standing: standingOf(standing) ?? "invalid", at };
}
