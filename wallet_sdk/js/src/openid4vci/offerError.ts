/** Why a licence does not come over the network: the codes, hints and texts of `wallet_sdk.openid4vci.errors`. */

import { WalletError } from "../walletError.ts";
import { OFFER_ERRORS, type OfferErrorCode } from "./errorTable.ts";

export class OfferError extends WalletError {
  constructor(
    override readonly code: OfferErrorCode,
    /** What is wrong; of ISSUER_REFUSED the issuer's own code (docs/spec/issuing.md). */
    readonly detail = "",
  ) {
    super(code, detail, OFFER_ERRORS[code]);
  }
}
