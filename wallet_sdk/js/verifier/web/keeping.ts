/**
 * What the verifier keeps in IndexedDB: a region's material, hashes of used codes, settings. Nothing of a holder.
 *
 * A used code is kept as SHA-256 of what its holder signed, and until it could no longer be accepted anyway.
 */

import { toHex } from "../../src/bytes.ts";
import type { Stored } from "../material.ts";

const DAY = 86_400;

export type Setting = "language" | "purpose" | "address";

export class Keeping {
  private constructor(
    private readonly database: IDBDatabase,
    private readonly used: Map<string, number>,
  ) {}

  static async open(): Promise<Keeping> {
    const opening = indexedDB.open("liangzheng-verifier", 1);
    opening.onupgradeneeded = () => {
      opening.result.createObjectStore("kept");
      opening.result.createObjectStore("used");
    };
    const database = await answered(opening);
    const store = database.transaction("used").objectStore("used");
    const [keys, values] = await Promise.all([answered(store.getAllKeys()), answered(store.getAll())]);
    return new Keeping(database, new Map(keys.map((key, at) => [String(key), Number(values[at])])));
  }

  async material(): Promise<Stored | null> {
    return ((await this.#read("material")) as Stored | undefined) ?? null;
  }

  saveMaterial(stored: Stored): Promise<void> {
    return this.#written("kept", (store) => store.put(stored, "material"));
  }

  removeMaterial(): Promise<void> {
    return this.#written("kept", (store) => store.delete("material"));
  }

  async setting(name: Setting): Promise<string | null> {
    return ((await this.#read(name)) as string | undefined) ?? null;
  }

  set(name: Setting, value: string): Promise<void> {
    return this.#written("kept", (store) => store.put(value, name));
  }

  wasUsed(replayKey: Uint8Array): boolean {
    return this.used.has(toHex(replayKey));
  }

  /** Durable before it returns: a used code stays used after a power cut. Those that are long over are forgotten. */
  async burn(replayKey: Uint8Array, until: number, at: number): Promise<void> {
    // A day later: a clock that was ahead for a while must not have forgotten what counts again when it is set right.
    const over = [...this.used].filter(([, end]) => end < at - DAY).map(([key]) => key);
    const key = toHex(replayKey);
    this.used.set(key, until);
    for (const each of over) this.used.delete(each);
    await this.#written("used", (store) => {
      store.put(until, key);
      for (const each of over) store.delete(each);
    });
  }

  #read(name: string): Promise<unknown> {
    return answered(this.database.transaction("kept").objectStore("kept").get(name));
  }

  #written(name: string, write: (store: IDBObjectStore) => void): Promise<void> {
    return new Promise((done, fail) => {
      const transaction = this.database.transaction(name, "readwrite", { durability: "strict" });
      transaction.oncomplete = () => done();
      transaction.onabort = () => fail(transaction.error);
      write(transaction.objectStore(name));
    });
  }
}

function answered<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((done, fail) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => fail(request.error);
  });
}
