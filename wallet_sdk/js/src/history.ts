/**
 * What was shown when, for whom: the holder's own record, on this device alone.
 *
 * A use is written down before its first code exists. Where it cannot be written just then, the holder at a counter is not
 * turned away: it waits in memory, goes in with the next one, and `isComplete` says so. At least the newest 2,000 are
 * kept. Not handled here: where the records lie and who encrypts them, which is the app's.
 */

import { decode, encode, isArray, type Value } from "./cbor.ts";
import { ProtocolError } from "./protocolError.ts";
import { type Purpose, purposeNumber, purposeOf } from "./purposes.ts";
import { damaged, rowOf } from "./rows.ts";

export const MAX_KEPT = 2_000;

/** One licence of a use: `kind` still says which it was when the licence is gone. */
export interface UsedLicence {
  readonly licenceId: string;
  readonly kind: string;
  /** The `lic` keys that were let out. */
  readonly items: readonly number[];
}

/** One act of showing. */
export interface Use {
  readonly at: number;
  readonly purpose: Purpose;
  readonly audience: string;
  /** In the terminal's words; null: nobody asked, or no reason was given. */
  readonly reason: string | null;
  /** Who asked, as its authority signed it; null: nobody did. */
  readonly relyingParty: string | null;
  readonly licences: readonly UsedLicence[];
}

export interface HistoryStorage {
  /** Adds a record durably, or changes nothing. */
  append(record: Uint8Array): Promise<void>;
  /** Every record, the oldest first. */
  records(): Promise<readonly Uint8Array[]>;
  /** Puts these in place of all, or changes nothing. */
  replace(records: readonly Uint8Array[]): Promise<void>;
}

export class History {
  private waiting: readonly Use[] = [];
  /** How many records there are; null: not counted yet. All are read once, not at every showing. */
  private count: number | null = null;
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly storage: HistoryStorage) {}

  /** Whether everything that was shown is written down. */
  get isComplete(): boolean {
    return this.waiting.length === 0;
  }

  async add(use: Use): Promise<void> {
    this.waiting = [...this.waiting, use].slice(-MAX_KEPT);
    await this.write();
  }

  /** Writes down what waits; whether nothing waits any more. */
  write(): Promise<boolean> {
    const turn = this.last.then(async () => {
      while (this.waiting.length > 0) {
        const [first] = this.waiting;
        try {
          await this.storage.append(written(first!));
        } catch {
          return false;
        }
        this.waiting = this.waiting.filter((each) => each !== first);
        if (this.count !== null) this.count++;
      }
      await this.trim();
      return this.isComplete;
    });
    this.last = turn.catch(() => {});
    return turn;
  }

  /** Every use, or those of one licence, the newest first. */
  async uses(licenceId: string | null = null): Promise<readonly Use[]> {
    const all = [...(await this.storage.records()).map(read), ...this.waiting].reverse();
    return all.filter(({ licences }) => licenceId === null || licences.some((each) => each.licenceId === licenceId));
  }

  async clear(): Promise<void> {
    await this.storage.replace([]);
    this.waiting = [];
    this.count = 0;
  }

  /** The oldest are let go of a tenth at a time; what cannot be cut off now is cut off later. */
  private async trim(): Promise<void> {
    try {
      this.count ??= (await this.storage.records()).length;
      if (this.count <= MAX_KEPT + MAX_KEPT / 10) return;
      await this.storage.replace((await this.storage.records()).slice(-MAX_KEPT));
      this.count = MAX_KEPT;
    } catch {
      this.count = null;
    }
  }
}

function written({ at, purpose, audience, reason, relyingParty, licences }: Use): Uint8Array {
  const rows = licences.map(({ licenceId, kind, items }) => [licenceId, kind, items]);
  return encode([at, purposeNumber(purpose), audience, reason, relyingParty, rows]);
}

function read(record: Uint8Array): Use {
  const [at, number, audience, reason, relyingParty, licences] = rowOf(decoded(record), 6);
  const purpose = purposeOf(number);
  if (typeof at !== "number" || purpose === null || typeof audience !== "string" || !isArray(licences) || !isWord(reason) || !isWord(relyingParty))
    return damaged("a use of another form");
  return { at, purpose, audience, reason, relyingParty, licences: licences.map(used) };
}

function decoded(record: Uint8Array): Value {
  try {
    return decode(record);
  } catch (error) {
    if (error instanceof ProtocolError) return damaged(error.message);
    throw error;
  }
}

function used(row: Value): UsedLicence {
  const [licenceId, kind, items] = rowOf(row, 3);
  if (typeof licenceId !== "string" || typeof kind !== "string" || !isArray(items)) return damaged("a use of another form");
  return { licenceId, kind, items: items.filter((key) => typeof key === "number") };
}

function isWord(value: Value | undefined): value is string | null {
  return value === null || typeof value === "string";
}
