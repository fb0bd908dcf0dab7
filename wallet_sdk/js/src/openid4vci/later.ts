/**
 * What a wallet asks the issuer of a licence later, with a proof of its device key: refresh, devices, loss, notices.
 *
 * Each request is one JWT of type lz-wallet-request+jwt over a fresh nonce (docs/spec/issuing.md); where it is sent says the
 * issuer's metadata under `liangzheng`.
 */

import { utf8 } from "../bytes.ts";
import type { HeldLicence } from "../heldLicence.ts";
import { type DeviceEvent, statusOf, type Word } from "../issuerRecords.ts";
import { ProtocolError } from "../protocolError.ts";
import { packageOf } from "../receiving.ts";
import type { Wallet } from "../wallet.ts";
import { type IssuerMetadata, issuerMetadata } from "./issuers.ts";
import { OfferError } from "./offerError.ts";
import { prove, WALLET_REQUEST } from "./proof.ts";
import { type Answer, content, demandDone, isObject, malformed, type Members, own, parsed, sent, text, type Transport } from "./transport.ts";

/** In the place of a device: all of them but this one. */
export const OTHERS = "others";
/** By the issuer's words (docs/spec/issuing.md). */
const EVENTS: ReadonlyMap<string, DeviceEvent> = new Map([["device_bound", "bound"], ["device_lost", "lost"]]); // prettier-ignore
const CURSOR_REFUSED = "cursor_refused";
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

/** Something has happened, as the issuer calls it; why, the office says. */
export interface Notice {
  /** Of which licence; of a device, it may be one that another device of the holder has. */
  readonly licenceId: string;
  /** Its new status; empty in a notice of something else. */
  readonly status: string;
  /** Since when; null: as nobody here can read it, and nothing of the notice is kept. */
  readonly at: number | null;
  /** What else happened; empty in a notice of a status. */
  readonly event: string;
  /** To which other device: the SHA-256 of its key in hexadecimal digits. */
  readonly device: string;
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
 * What stands against a licence is then its `wallet.state`, what happened to the holder's other devices stands in
 * `wallet.news`, and page by page everything is kept with the wallet.
 */
export async function notices(wallet: Wallet, issuer: string, transport: Transport): Promise<readonly Notice[]> {
  const metadata = await issuerMetadata(issuer, transport);
  // An issuer without these events refuses the claim (docs/spec/issuing.md).
  const wants = metadata.lists("notice_events", "liangzheng") ? { events: true } : {};
  const found: Notice[] = [];
  for (let page = 0; page < MOST_PAGES; page++) {
    const after = wallet.news.cursor(issuer);
    let answer: Members;
    try {
      answer = content(await askedOf(wallet, metadata, transport, "notices", { cursor: after, ...wants }));
    } catch (error) {
      // Restored from a backup, or with other secrets: the issuer begins anew, and so does this wallet.
      if (!(error instanceof OfferError) || error.detail !== CURSOR_REFUSED || after === "") throw error;
      await wallet.news.take(issuer, [], { after, cursor: "" });
      continue;
    }
    const cursor = text(answer, "cursor");
    const rows = own(answer, "notices");
    if (!Array.isArray(rows) || !rows.every(isObject)) malformed("no notices");
    const told = rows.map(noticeOf);
    // Who was asked twice at once has told these already.
    if (await wallet.news.take(issuer, told.flatMap(wordsOf), { after, cursor })) found.push(...told);
    if (own(answer, "more") !== true || told.length === 0 || cursor === after) break;
  }
  return found;
}

/** What of a notice is kept; what a later issuer tells besides means nothing here, and stops nothing. */
function wordsOf({ licenceId, status: word, at, event: named, device }: Notice): readonly Word[] {
  if (at === null || licenceId.length > MAX_ID) return [];
  if (word !== "") {
    const status = statusOf(word);
    return [{ licenceId, told: status === null ? null : { status, at } }];
  }
  const event = EVENTS.get(named);
  return event !== undefined && /^[0-9a-f]{64}$/.test(device) ? [{ licenceId, event, device, at }] : [];
}

function noticeOf(row: Members): Notice {
  const perhaps = (name: string) => ((own(row, name) ?? "") === "" ? "" : text(row, name));
  const [status, event, device] = [perhaps("status"), perhaps("event"), perhaps("device")];
  return { licenceId: text(row, "licence"), status, at: momentOf(text(row, "at")), event, device };
}

/** The seconds of a moment in the one form that there is; null of another, and of a day that no calendar has. */
function momentOf(written: string): number | null {
  const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(written) ? Date.parse(written) : Number.NaN;
  return !Number.isNaN(at) && new Date(at).toISOString() === written.replace("Z", ".000Z") ? at / 1_000 : null;
}

function issuerOf({ refreshUrl }: HeldLicence): string {
  if (refreshUrl === null) throw new OfferError("LICENCE_NOT_REFRESHABLE");
  return refreshUrl;
}

async function asked(wallet: Wallet, issuer: string, transport: Transport, act: string, claims: Members): Promise<Answer> {
  return askedOf(wallet, await issuerMetadata(issuer, transport), transport, act, claims);
}

async function askedOf(wallet: Wallet, metadata: IssuerMetadata, transport: Transport, act: string, claims: Members): Promise<Answer> {
  const url = metadata.endpoint(`${act}_endpoint`, "liangzheng");
  const written = await prove(wallet, metadata, transport, { ...claims, act }, WALLET_REQUEST);
  return sent(transport, { url, headers: { "Content-Type": "application/jwt" }, body: utf8(written)! });
}
