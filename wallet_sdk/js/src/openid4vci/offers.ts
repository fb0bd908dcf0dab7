/**
 * Reads an offer: a link or a scanned code, by value or from its address (OpenID4VCI 1.0 section 4.1).
 *
 * Nothing in an offer is signed: it says whom to ask and with which code, and everything that matters is verified in what
 * comes (`Wallet.receive`). So the holder should see who offers what before it is accepted.
 */

import { utf8 } from "../bytes.ts";
import { OfferError } from "./offerError.ts";
import { ask, checked, isObject, type Members, own, type Transport } from "./transport.ts";

export const SCHEME = "openid-credential-offer:";
export const GRANT = "urn:ietf:params:oauth:grant-type:pre-authorized_code";
/** A code that a phone reads has at most 2,953 bytes (ISO/IEC 18004, version 40-L). */
const MAX_CHARACTERS = 4_096;
const MAX_PARAMETERS = 4;
const MAX_TEXT = 256;

/** What the holder has to type: how many characters (null: unsaid), digits alone or any. */
export interface TxCode {
  readonly length: number | null;
  readonly isNumeric: boolean;
}

/** Who offers which kind of licence; `kind` is the issuer's id of it, for ours the kind's slug. */
export interface Offer {
  readonly issuer: string;
  readonly kind: string;
  readonly txCode: TxCode | null;
  readonly code: string;
}

/** The offer in this link, which is fetched if the link only says where it lies. */
export async function readOffer(given: string, transport: Transport): Promise<Offer> {
  const link = given.trim();
  if (!link.toLowerCase().startsWith(SCHEME) || link.length > MAX_CHARACTERS) malformed("another scheme, or too long");
  const found = parameters(link);
  const [[name, value] = [], ...others] = found;
  if (value === undefined || others.length > 0) malformed("neither an offer nor the address of one");
  if (name === "credential_offer") return offerOf(parsed(value));
  if (name !== "credential_offer_uri") malformed("neither an offer nor the address of one");
  checked(value);
  return offerOf((await ask(transport, { url: value, headers: {}, body: null })).members);
}

/** Names and values of the query; those without a value say nothing. */
function parameters(link: string): readonly (readonly [string, string])[] {
  const [, query = ""] = /^[^?#]*\?([^#]*)/.exec(link) ?? [];
  const fields = query.split("&");
  if (fields.length > MAX_PARAMETERS) malformed("no link");
  try {
    const pairs = fields.map((field) => /^([^=]*)=(.*)$/s.exec(field) ?? malformed("no link"));
    const decode = (written: string) => decodeURIComponent(written.replace(/\+/g, " "));
    return pairs.map(([, name, value]) => [decode(name!), decode(value!)] as const).filter(([, value]) => value !== "");
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    return malformed("no link");
  }
}

function parsed(written: string): Members {
  let found: unknown;
  try {
    found = JSON.parse(written);
  } catch {
    malformed("no JSON");
  }
  return isObject(found) ? found : malformed("no JSON object");
}

function offerOf(document: Members): Offer {
  const [issuer, kinds, grants] = ["credential_issuer", "credential_configuration_ids", "grants"].map((name) => own(document, name));
  if (typeof issuer !== "string" || !Array.isArray(kinds)) malformed("no issuer, or no kind");
  if (kinds.length > 1) throw new OfferError("OFFER_UNSUPPORTED", "several licences in one offer");
  const kind: unknown = kinds[0];
  if (typeof kind !== "string") malformed("no issuer, or no kind");
  const grant = isObject(grants) ? own(grants, GRANT) : undefined;
  if (!isObject(grant)) throw new OfferError("OFFER_UNSUPPORTED", "no pre-authorised code");
  const code = own(grant, "pre-authorized_code");
  if (!isShort(code) || !isShort(kind)) malformed("no pre-authorised code");
  checked(issuer);
  return { issuer, kind, txCode: txCodeOf(own(grant, "tx_code")), code };
}

function txCodeOf(written: unknown): TxCode | null {
  if (written === undefined || written === null) return null;
  if (!isObject(written)) malformed("a transaction code in another form");
  // Section 4.1.1: numeric unless it says otherwise.
  const [length, mode] = [own(written, "length") ?? null, own(written, "input_mode") ?? "numeric"];
  const isLength = length === null || (Number.isInteger(length) && (length as number) > 0 && (length as number) <= MAX_TEXT);
  if (!isLength || (mode !== "numeric" && mode !== "text")) malformed("a transaction code in another form");
  return { length: length as number | null, isNumeric: mode === "numeric" };
}

function isShort(value: unknown): value is string {
  return typeof value === "string" && value !== "" && [...value].length <= MAX_TEXT && utf8(value) !== null;
}

function malformed(detail: string): never {
  throw new OfferError("OFFER_MALFORMED", detail);
}
