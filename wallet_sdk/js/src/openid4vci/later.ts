/**
 * What a wallet asks the issuer of a licence later, with a proof of its device key: refresh, devices, loss, notices.
 *
 * Each request is one JWT of type lz-wallet-request+jwt over a fresh nonce (docs/spec/issuing.md); where it is sent says the
 * issuer's metadata under `liangzheng`.
 */

import { utf8 } from "../bytes.ts";
import type { HeldLicence } from "../heldLicence.ts";
import { type Said, statusOf, type ToldStatus } from "../issuerRecords.ts";
import { ProtocolError } from "../protocolError.ts";
import { packageOf } from "../receiving.ts";
import type { Wallet } from "../wallet.ts";
import { issuerMetadata } from "./issuers.ts";
import { OfferError } from "./offerError.ts";
import { prove, WALLET_REQUEST } from "./proof.ts";
import { type Answer, content, demandDone, isObject, malformed, type Members, own, parsed, sent, text, type Transport } from "./transport.ts";

/** In the place of a device: all of them but this one. */
export const OTHERS = "others";
/** Of one issuer; the oldest give way. */
const MOST_MARKS = 1_000;
/** As in a package. */
const MAX_ID = 64;
/** A hundred notices each; who has more asks again. */
const MOST_PAGES = 20;

/** A device that holds a licence: the SHA-256 of its key in hexadecimal digits, and how it stands. */
export interface Device {
  readonly id: string;
  readonly state: string;
  readonly since: string;
  readonly isThis: boolean;
}

/** The status of a licence has changed, as the issuer calls it; why, the office says. */
export interface Notice {
  readonly licenceId: string;
  readonly status: string;
  readonly at: number;
}

/** The card as its issuer gives it today: new credentials from a quarter of their life on, before that the same. */
export async function refresh(wallet: Wallet, licence: HeldLicence, transport: Transport): Promise<HeldLicence> {
  return wallet.receive(await fresh(wallet, licence, transport));
}

/** The package of `refresh`, for an app that chooses when it takes it in: a consent that was asked for before does not fit it. */
export async function fresh(wallet: Wallet, licence: HeldLicence, transport: Transport): Promise<Uint8Array> {
  const answer = await asked(wallet, issuerOf(licence), transport, "refresh", { licence: licence.id });
  demandDone(answer);
  let came: string;
  try {
    came = packageOf(answer.body).id;
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return malformed(`no licence package: ${error.message}`);
  }
  if (came !== licence.id) throw new OfferError("LICENCE_NOT_THE_SAME");
  return answer.body;
}

/** The devices that hold this card's licence, this one among them. */
export async function devices(wallet: Wallet, licence: HeldLicence, transport: Transport): Promise<readonly Device[]> {
  const answer = await asked(wallet, issuerOf(licence), transport, "devices", { licence: licence.id });
  demandDone(answer);
  const rows = parsed(answer.body);
  if (!Array.isArray(rows) || !rows.every(isObject)) malformed("no list of devices");
  const ours = wallet.ports.signer.publicKey.id;
  return rows.map((row) => {
    const id = text(row, "device");
    return { id, state: text(row, "state"), since: text(row, "since"), isThis: id === ours };
  });
}

/**
 * Reports a device lost (挂失), for good: what it holds of this licence is refused everywhere from now on.
 *
 * `device`: its id as `devices` lists it, or `OTHERS`. Gives how many status entries were flipped.
 */
export async function reportLost(wallet: Wallet, licence: HeldLicence, device: string, transport: Transport): Promise<number> {
  const answer = content(await asked(wallet, issuerOf(licence), transport, "lost", { licence: licence.id, device }));
  const flipped = own(answer, "flipped");
  return Number.isSafeInteger(flipped) ? (flipped as number) : malformed("no count");
}

/** The addresses that the licences here can be asked about. */
export function issuersOf(wallet: Wallet): readonly string[] {
  return [...new Set(wallet.cards().flatMap(({ refreshUrl }) => refreshUrl ?? []))];
}

/**
 * What has changed of this issuer's licences since it was asked last, the oldest first; each is told once.
 *
 * What stands against a licence is then its `wallet.state`, and page by page everything is kept with the wallet.
 */
export async function notices(wallet: Wallet, issuer: string, transport: Transport): Promise<readonly Notice[]> {
  const found: Notice[] = [];
  for (let page = 0; page < MOST_PAGES; page++) {
    const before = wallet.records().issuers.get(issuer)?.cursor ?? "";
    const answer = content(await asked(wallet, issuer, transport, "notices", { cursor: before }));
    const cursor = text(answer, "cursor");
    const rows = own(answer, "notices");
    if (!Array.isArray(rows) || !rows.every(isObject)) malformed("no notices");
    const told = rows.map(noticeOf);
    if (cursor !== before || told.length > 0)
      await wallet.record((records) => {
        const said = heard(records.issuers.get(issuer), told, cursor);
        return { ...records, issuers: new Map(records.issuers).set(issuer, said) };
      });
    found.push(...told);
    if (own(answer, "more") !== true || told.length === 0 || cursor === before) break;
  }
  return found;
}

function heard(before: Said | undefined, told: readonly Notice[], cursor: string): Said {
  const marks = new Map<string, ToldStatus>(before?.marks);
  for (const { licenceId, status: word, at } of told) {
    const status = statusOf(word);
    marks.delete(licenceId);
    if (status !== null && licenceId.length <= MAX_ID) marks.set(licenceId, { status, at });
  }
  return { cursor, marks: new Map([...marks].slice(-MOST_MARKS)) };
}

function noticeOf(row: Members): Notice {
  const at = text(row, "at");
  const moment = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(at) ? Date.parse(at) / 1_000 : Number.NaN;
  if (!Number.isSafeInteger(moment)) malformed("a notice of no moment");
  return { licenceId: text(row, "licence"), status: text(row, "status"), at: moment };
}

function issuerOf({ refreshUrl }: HeldLicence): string {
  if (refreshUrl === null) throw new OfferError("LICENCE_NOT_REFRESHABLE");
  return refreshUrl;
}

async function asked(wallet: Wallet, issuer: string, transport: Transport, act: string, claims: Members): Promise<Answer> {
  const metadata = await issuerMetadata(issuer, transport);
  const url = metadata.endpoint(`${act}_endpoint`, "liangzheng");
  const written = await prove(wallet, metadata, transport, { ...claims, act }, WALLET_REQUEST);
  return sent(transport, { url, headers: { "Content-Type": "application/jwt" }, body: utf8(written)! });
}
