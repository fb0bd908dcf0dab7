/** Why the wallet cannot do something: one code for each cause, with a hint for the integrator and texts for the holder. */

import type { Language } from "./catalogue.ts";
import { ERRORS, type ErrorCode } from "./errorTable.ts";
import type { OfferErrorCode } from "./openid4vci/errorTable.ts";
import type { ShowingErrorCode } from "./showingTable.ts";

/** What an error says; the tables are written by tools/makeErrorTable.py. */
export interface ErrorRow {
  readonly meaning: string;
  readonly hint: string;
  readonly retryable: boolean;
  readonly texts: Readonly<Record<Language, string>>;
}

export class WalletError extends Error {
  private readonly row: ErrorRow;

  constructor(code: ErrorCode, detail?: string);
  constructor(code: OfferErrorCode | ShowingErrorCode, detail: string, row: ErrorRow);
  constructor(
    readonly code: ErrorCode | OfferErrorCode | ShowingErrorCode,
    detail = "",
    row: ErrorRow = ERRORS[code as ErrorCode],
  ) {
    super(detail === "" ? row.meaning : `${row.meaning}: ${detail}`);
    this.name = "WalletError";
    this.row = row;
  }

  get hint(): string {
    return this.row.hint;
  }

  /** Whether trying the same again later makes sense. */
  get retryable(): boolean {
    return this.row.retryable;
  }

  /** The sentence for the holder. */
  userText(language: Language): string {
    return this.row.texts[language];
  }
}
