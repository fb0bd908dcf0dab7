/**
 * What the wallet needs of a network: one request, one answer, no redirect; and which addresses it asks at all.
 *
 * Apps give their own `Transport` (`overFetch` for browsers, `wx.request` in a mini-program). Guaranteed by `ask`: https, or
 * this machine; the issuer's own host; an answer within its bound that is one JSON object, or a refusal by name.
 */

import { fromUtf8 } from "../bytes.ts";
import { OfferError } from "./offerError.ts";

/** Two packages: one in base64 within JSON, with room for half as much; metadata of a hundred kinds have 60 kB. */
export const MAX_ANSWER_BYTES = 524_288;
const MAX_ADDRESS = 500;
const MAX_CODE = 64;
const MAX_TEXT = 4_096;
const LOOPBACK: readonly string[] = ["127.0.0.1", "localhost", "[::1]"];
/** Scheme, host and port, host, port, path: what `fetch` and this file can only read in one way. */
const ADDRESS = /^(https?):\/\/(([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?)(\/[^?#]*)?(?:\?[^#]*)?$/i;

export interface Request {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** null: a GET; else a POST. */
  readonly body: Uint8Array | null;
}

/** Whatever came, of whatever status; its body has at most `MAX_ANSWER_BYTES` and a byte. */
export interface Answer {
  readonly status: number;
  readonly body: Uint8Array;
}

/** The answer to this request, never that of a redirect; whatever it throws is ISSUER_UNREACHABLE. */
export type Transport = (request: Request) => Promise<Answer>;

export type Members = Readonly<Record<string, unknown>>;

export interface Address {
  readonly scheme: string;
  /** Host and port as they are written. */
  readonly authority: string;
  readonly path: string;
}

/** The parts of an address that a wallet may ask; of this authority, if one is given. */
export function checked(url: string, authority: string | null = null): Address {
  const [, scheme, found, host, port, path = ""] = (/^[!-~]*$/.test(url) && url.length <= MAX_ADDRESS && ADDRESS.exec(url)) || [];
  if (scheme === undefined || found === undefined || host === undefined) throw new OfferError("OFFER_ADDRESS", "no plain web address");
  if (port !== undefined && (Number(port) === 0 || Number(port) > 65_535)) throw new OfferError("OFFER_ADDRESS", "no web address");
  if (scheme.toLowerCase() !== "https" && !LOOPBACK.includes(host.toLowerCase())) throw new OfferError("OFFER_ADDRESS", "without TLS");
  if (authority !== null && found !== authority) throw new OfferError("OFFER_ADDRESS", "on another host than the issuer's");
  return { scheme: scheme.toLowerCase(), authority: found, path };
}

export async function sent(transport: Transport, request: Request): Promise<Answer> {
  try {
    return await transport(request);
  } catch (error) {
    if (error instanceof OfferError) throw error;
    throw new OfferError("ISSUER_UNREACHABLE", error instanceof Error ? error.message : "");
  }
}

/** Status and members of a JSON answer that says yes. */
export async function ask(transport: Transport, request: Request): Promise<{ readonly status: number; readonly members: Members }> {
  const answer = await sent(transport, request);
  return { status: answer.status, members: content(answer) };
}

/** The members of a JSON answer; none of an empty one. */
export function content(answer: Answer): Members {
  if (isDone(answer) && answer.body.length === 0) return {};
  demandDone(answer);
  return members(answer);
}

/** Returns if the answer says yes, in whatever form. */
export function demandDone(answer: Answer): void {
  if (answer.body.length > MAX_ANSWER_BYTES) malformed(`more than ${MAX_ANSWER_BYTES} bytes`);
  if (isDone(answer)) return;
  const code = members(answer)["error"];
  if (typeof code !== "string" || !isPlain(code)) malformed(`status ${answer.status} without a reason`);
  throw new OfferError("ISSUER_REFUSED", code.slice(0, MAX_CODE));
}

/** A member of an answer that may travel in a header or a proof of the next request. */
export function text(given: Members, name: string): string {
  const value = given[name];
  if (typeof value !== "string" || value === "" || !isPlain(value) || value.length > MAX_TEXT) malformed(`no ${name}`);
  return value;
}

export function isObject(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A member that the object itself has. */
export function own(object: Members, name: string): unknown {
  return Object.prototype.hasOwnProperty.call(object, name) ? object[name] : undefined;
}

export function parsed(body: Uint8Array): unknown {
  const written = fromUtf8(body);
  try {
    return written === null ? undefined : JSON.parse(written);
  } catch {
    return undefined;
  }
}

export function malformed(detail: string): never {
  throw new OfferError("ISSUER_ANSWER_MALFORMED", detail);
}

function members(answer: Answer): Members {
  const found = parsed(answer.body);
  if (!isObject(found)) malformed(`status ${answer.status}, and no JSON object`);
  return found;
}

function isDone({ status }: Answer): boolean {
  return status >= 200 && status < 300;
}

function isPlain(value: string): boolean {
  return /^[ -~]*$/.test(value);
}
