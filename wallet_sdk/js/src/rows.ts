/** Stored rows, read strictly: what has more than is known was written by a later version, what is of another form is damaged. */

import { isArray, type Value } from "./cbor.ts";
import { WalletError } from "./walletError.ts";

/** The elements of a row that has at most so many. */
export function rowOf(value: Value | undefined, most: number): readonly Value[] {
  if (!isArray(value)) return damaged("no row");
  // Read without what is added there, it would be written without it, and that lost.
  if (value.length > most) throw new WalletError("WALLET_TOO_NEW", `a row of ${value.length}, where ${most} are known`);
  return value;
}

export function damaged(detail: string): never {
  throw new WalletError("WALLET_DAMAGED", detail);
}
