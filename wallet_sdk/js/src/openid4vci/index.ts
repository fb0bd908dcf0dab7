/**
 * Receiving licences over the network (OpenID4VCI 1.0), and what a wallet asks its issuers later: a module of its own.
 *
 *     const offer = await readOffer(link, transport);
 *     const came = await accept(wallet, offer, transport, { txCode: "123456" });
 *     await notices(wallet, offer.issuer, transport);
 */

export type { Waiting } from "../issuerRecords.ts";
export { accept, collect, Delivery, drop, type Event, redeem, resume } from "./accepting.ts";
export { type IssuerMetadata, issuerMetadata } from "./issuers.ts";
export { type Device, devices, fresh, issuersOf, type Notice, notices, OTHERS, refresh, reportLost } from "./later.ts";
export { OfferError } from "./offerError.ts";
export { type Offer, readOffer, type TxCode } from "./offers.ts";
export { overFetch } from "./overFetch.ts";
export { type Answer, MAX_ANSWER_BYTES, type Request, type Transport } from "./transport.ts";
// Nobody has this module without the wallet. Said here, both are bundled in one piece, which is a kilobyte less.
export { Wallet } from "../wallet.ts";
