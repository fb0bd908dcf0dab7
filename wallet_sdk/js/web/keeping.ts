/** What the web wallet keeps in IndexedDB: the key pair (never as bytes), the content, the history, the settings. */

import type { Names } from "../src/catalogue.ts";
import type { Purpose } from "../src/purposes.ts";
import type { KeyPair } from "../src/webCrypto.ts";

export interface Shown {
  readonly at: number;
  readonly purpose: Purpose;
  /** Who asked by a challenge; null: nobody did, and the purpose is all that is known. */
  readonly relyingParty: string | null;
  readonly kind: Names;
  readonly items: readonly Names[];
}

/** `division`: where the holder is, for the nearest office. */
export type Setting = "language" | "largeType" | "division";

export class Keeping {
  private constructor(private readonly database: IDBDatabase) {}

  static async open(): Promise<Keeping> {
    const opening = indexedDB.open("liangzheng-wallet", 1);
    opening.onupgradeneeded = () => {
      opening.result.createObjectStore("kept");
      opening.result.createObjectStore("history", { autoIncrement: true });
    };
    return new Keeping(await answered(opening));
  }

  /** The key pair of this device, made at the first start. */
  async keyPair(made: () => Promise<KeyPair<CryptoKey>>): Promise<KeyPair<CryptoKey>> {
    const kept = (await this.read("keys")) as KeyPair<CryptoKey> | undefined;
    if (kept !== undefined) return kept;
    const pair = await made();
    await this.written("kept", (store) => store.add(pair, "keys"));
    return pair;
  }

  async content(): Promise<Uint8Array | null> {
    return ((await this.read("content")) as Uint8Array | undefined) ?? null;
  }

  saveContent(content: Uint8Array): Promise<void> {
    return this.written("kept", (store) => store.put(content, "content"));
  }

  setting(name: Setting): Promise<unknown> {
    return this.read(name);
  }

  set(name: Setting, value: string | boolean): Promise<void> {
    return this.written("kept", (store) => store.put(value, name));
  }

  /** The latest first. */
  async history(): Promise<readonly Shown[]> {
    const store = this.database.transaction("history").objectStore("history");
    return ((await answered(store.getAll())) as Shown[]).reverse();
  }

  note(shown: readonly Shown[]): Promise<void> {
    return this.written("history", (store) => shown.forEach((each) => store.add(each)));
  }

  clearHistory(): Promise<void> {
    return this.written("history", (store) => store.clear());
  }

  /** Lets go of everything, the key pair too: no code can be made here any more. */
  async erase(): Promise<void> {
    await this.clearHistory();
    await this.written("kept", (store) => store.clear());
  }

  private read(name: string): Promise<unknown> {
    return answered(this.database.transaction("kept").objectStore("kept").get(name));
  }

  /** One transaction: all of it is on the disk when this is over, or nothing. */
  private written(name: string, act: (store: IDBObjectStore) => unknown): Promise<void> {
    return new Promise((resolve, reject) => {
      const transaction = this.database.transaction(name, "readwrite", { durability: "strict" });
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error);
      act(transaction.objectStore(name));
    });
  }
}

function answered<T>(asked: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}
