/**
 * Accepts an offer: the device key is proven, and the licence is checked as one from anywhere else, then kept.
 *
 * 1 the issuer's documents · 2 an access token for the code, and the transaction code · 3 a nonce · 4 a proof of the device
 * key over it · 5 the package comes, or has to wait for a review · 6 every check of `Wallet.receive` · 7 the issuer hears
 * whether it was kept. Guaranteed: nothing is stored that a check refuses; from step 2 on what the issuer owes is kept with
 * the wallet (`wallet.records().waiting`), so that the answer to step 3 or 5 that was lost, or an app that was closed, costs
 * nothing; the answer to step 2 that was lost may cost the offer, and is named so. A token stays on the issuer's host.
 *
 * `accept` and `resume` do everything. An app that asks its holder between 6 and 7 uses `issuerMetadata`, `redeem`, `collect`, `end`.
 */

import { fromBase64url } from "../base64url.ts";
import { utf8 } from "../bytes.ts";
import type { HeldLicence } from "../heldLicence.ts";
import type { Waiting } from "../issuerRecords.ts";
import type { Wallet } from "../wallet.ts";
import { WalletError } from "../walletError.ts";
import { type IssuerMetadata, issuerMetadata, tokenEndpoint } from "./issuers.ts";
import { OfferError } from "./offerError.ts";
import { GRANT, type Offer, type TxCode } from "./offers.ts";
import { PROOF, prove } from "./proof.ts";
import { ask, isObject, malformed, type Members, own, text, type Transport } from "./transport.ts";

const DEFERRED = 202;
/** An issuer's refusals after which asking again is in vain (docs/spec/issuing.md). */
const FOR_GOOD: readonly string[] = ["invalid_token", "invalid_transaction_id", "credential_request_denied"];

/** What has become of a licence: section 11.1. Deleted is what the holder did not want. */
export type Event = "credential_accepted" | "credential_failure" | "credential_deleted";

export interface Options {
  /** SHA-256 thumbprint of the only root to accept, as `Wallet.receive`. */
  readonly root?: Uint8Array;
}

/** A package that has come and that nobody has looked at yet. */
export class Delivery {
  /** @internal */
  constructor(
    readonly encoded: Uint8Array,
    private readonly waiting: Waiting,
    private readonly metadata: IssuerMetadata,
    private readonly notificationId: string | null,
  ) {}

  /** Nothing waits any more, and the issuer hears why. It cannot count on that (section 11), so a failure is none. */
  async end(wallet: Wallet, event: Event, transport: Transport): Promise<void> {
    await drop(wallet, this.waiting);
    if (this.notificationId === null || !this.metadata.has("notification_endpoint")) return;
    try {
      const content = { notification_id: this.notificationId, event };
      await ask(transport, posted(this.metadata.endpoint("notification_endpoint"), this.waiting.token, content));
    } catch (error) {
      if (!(error instanceof OfferError)) throw error;
    }
  }
}

/** The licence of this offer, kept in the wallet; or what to `resume` with, where the issuer needs time. */
export async function accept(
  wallet: Wallet,
  offer: Offer,
  transport: Transport,
  options: Options & { readonly txCode?: string } = {},
): Promise<HeldLicence | Waiting> {
  const txCode = options.txCode ?? null;
  demandTxCode(offer.txCode, txCode);
  // 1
  const metadata = await issuerMetadata(offer.issuer, transport);
  return kept(wallet, await redeem(wallet, offer, metadata, transport, txCode), metadata, transport, options);
}

/** What has become of a licence that had to wait. */
export async function resume(
  wallet: Wallet,
  waiting: Waiting,
  transport: Transport,
  options: Options = {},
): Promise<HeldLicence | Waiting> {
  return kept(wallet, waiting, await issuerMetadata(waiting.issuer, transport), transport, options);
}

async function kept(
  wallet: Wallet,
  waiting: Waiting,
  metadata: IssuerMetadata,
  transport: Transport,
  options: Options,
): Promise<HeldLicence | Waiting> {
  const came = await collect(wallet, waiting, metadata, transport);
  if (!(came instanceof Delivery)) return came;
  // 6
  let licence: HeldLicence;
  try {
    licence = await wallet.receive(came.encoded, options.root === undefined ? {} : { root: options.root });
  } catch (error) {
    if (error instanceof WalletError) await came.end(wallet, "credential_failure", transport);
    throw error;
  }
  // 7
  await came.end(wallet, "credential_accepted", transport);
  return licence;
}

/** An offer is good once: from here on the wallet keeps what it is owed for it. Asks nothing without a fitting `txCode`. */
export async function redeem(
  wallet: Wallet,
  offer: Offer,
  metadata: IssuerMetadata,
  transport: Transport,
  txCode: string | null,
): Promise<Waiting> {
  demandTxCode(offer.txCode, txCode);
  metadata.demandKind(offer.kind);
  // 2
  const form = { grant_type: GRANT, "pre-authorized_code": offer.code, ...(txCode === null ? {} : { tx_code: txCode }) };
  const fields = Object.entries(form).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  const url = await tokenEndpoint(offer.issuer, transport);
  const headers = { "Content-Type": "application/x-www-form-urlencoded" };
  const { members } = await orLost("OFFER_PERHAPS_USED", ask(transport, { url, headers, body: utf8(fields.join("&"))! }));
  const token = text(members, "access_token");
  const waiting = { issuer: offer.issuer, kind: offer.kind, token, transactionId: null, interval: 0 };
  await wallet.record((before) => ({ ...before, waiting: [...before.waiting, waiting] }));
  return waiting;
}

/** The package that is owed, or that it still has to wait. What is refused for good does not wait any more. */
export async function collect(
  wallet: Wallet,
  waiting: Waiting,
  metadata: IssuerMetadata,
  transport: Transport,
): Promise<Delivery | Waiting> {
  let answer: { readonly status: number; readonly members: Members };
  try {
    const asking = wanted(wallet, waiting, metadata, transport).then((request) => ask(transport, request));
    answer = await (waiting.transactionId === null ? orLost("OFFER_LICENCE_OWED", asking) : asking);
  } catch (error) {
    if (error instanceof OfferError && error.code === "ISSUER_REFUSED" && FOR_GOOD.includes(error.detail)) await drop(wallet, waiting);
    throw error;
  }
  // 5
  const { status, members } = answer;
  if (status !== DEFERRED) {
    const notificationId = own(members, "notification_id");
    return new Delivery(packageIn(members), waiting, metadata, typeof notificationId === "string" ? notificationId : null);
  }
  const interval = own(members, "interval");
  if (!Number.isSafeInteger(interval) || (interval as number) <= 0) malformed("no interval");
  const later = { ...waiting, transactionId: text(members, "transaction_id"), interval: interval as number };
  const replaced = (each: Waiting) => (each.token === waiting.token ? later : each);
  await wallet.record((before) => ({ ...before, waiting: before.waiting.map(replaced) }));
  return later;
}

/** The holder waits no longer. */
export function drop(wallet: Wallet, { token }: Waiting): Promise<void> {
  return wallet.record((before) => ({ ...before, waiting: before.waiting.filter((each) => each.token !== token) }));
}

/** An answer, or by this name that none came: what was done at the issuer, nobody knows. */
async function orLost<T>(code: "OFFER_PERHAPS_USED" | "OFFER_LICENCE_OWED", asking: Promise<T>): Promise<T> {
  try {
    return await asking;
  } catch (error) {
    throw error instanceof OfferError && error.code === "ISSUER_UNREACHABLE" ? new OfferError(code, error.detail) : error;
  }
}

async function wanted(wallet: Wallet, waiting: Waiting, metadata: IssuerMetadata, transport: Transport) {
  const { transactionId, token, kind } = waiting;
  if (transactionId !== null)
    return posted(metadata.endpoint("deferred_credential_endpoint"), token, { transaction_id: transactionId });
  // 3, 4
  const endpoint = metadata.endpoint("credential_endpoint");
  const proof = await prove(wallet, metadata, transport, {}, PROOF);
  return posted(endpoint, token, { credential_configuration_id: kind, proofs: { jwt: [proof] } });
}

function posted(url: string, token: string, content: Members) {
  const headers = { "Content-Type": "application/json", Authorization: `Bearer ${token}` };
  return { url, headers, body: utf8(JSON.stringify(content))! };
}

function packageIn(members: Members): Uint8Array {
  const credentials = own(members, "credentials");
  const [only, ...others]: readonly unknown[] = Array.isArray(credentials) ? credentials : [];
  const written = isObject(only) ? own(only, "credential") : undefined;
  if (typeof written !== "string" || others.length > 0) malformed("not one credential");
  return fromBase64url(written) ?? malformed("a credential that is no base64url");
}

function demandTxCode(asked: TxCode | null, given: string | null): void {
  if (asked === null) return;
  const isOfLength = given !== null && (asked.length === null ? given !== "" : [...given].length === asked.length);
  if (isOfLength && utf8(given) !== null && (!asked.isNumeric || /^[0-9]+$/.test(given))) return;
  throw new OfferError("OFFER_TX_CODE", `${asked.length ?? "some"} ${asked.isNumeric ? "digits" : "characters"}`);
}
