/** Why the wallet cannot do something: one code for each cause, with a hint for the integrator and texts for the holder. */

import type { Language } from "./catalogue.ts";
import { ERRORS, type ErrorCode } from "./errorTable.ts";

export class WalletError extends Error {
  constructor(
    readonly code: ErrorCode,
    detail = "",
  ) {
    const { meaning } = ERRORS[code];
    super(detail === "" ? meaning : `${meaning}: ${detail}`);
    this.name = "WalletError";
  }

  get hint(): string {
    return ERRORS[this.code].hint;
  }

  /** Whether trying the same again later makes sense. */
  get isRetryable(): boolean {
    return ERRORS[this.code].isRetryable;
  }

  /** The sentence for the holder. */
  userText(language: Language): string {
    return ERRORS[this.code].texts[language];
  }
}
