/** Errors of further ways to show: their table stays out of the core, which has no use for it. */

import { SHOWING_ERRORS, type ShowingErrorCode } from "./showingTable.ts";
import { WalletError } from "./walletError.ts";

export function refusal(code: ShowingErrorCode, detail = ""): WalletError {
  return new WalletError(code, detail, SHOWING_ERRORS[code]);
}
