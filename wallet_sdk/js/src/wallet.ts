/**
 * The façade of the SDK: one wallet over what the app gives it.
 *
 *     const wallet = await Wallet.open({ random, now, storage, signer, curves });
 *     const licence = await wallet.receive(packageBytes);
 *     const decision = wallet.request(licence, "window").approve();
 *     const showing = wallet.show(licence, { audience: "window", consent: decision });
 *     draw((await showing.frame()).svg);
 *
 * Nothing outside is named here: no page, no network, no clock, no key store; mini-programs have others.
 */

import { equal } from "./bytes.ts";
import { decode, encode, isArray, isBytes, isMap, type Key, MAX_DOCUMENT_ITEMS, type Value } from "./cbor.ts";
import type { Language } from "./catalogue.ts";
import { check, type ConsentRequest, type Decision, request } from "./consent.ts";
import type { Curves } from "./curves.ts";
import { type PurposeItems, verifyDirectory, type WalletDirectory } from "./directory.ts";
import { begins, credentialEnd, held, type HeldCredential, type HeldLicence, legalEnd } from "./heldLicence.ts";
import type { Use } from "./history.ts";
import * as issuerRecords from "./issuerRecords.ts";
import type { IssuerRecords, Status, ToldStatus } from "./issuerRecords.ts";
import { type Signer, VerificationKey } from "./keys.ts";
import * as migrations from "./migrations.ts";
import { News } from "./news.ts";
import { ProtocolError } from "./protocolError.ts";
import type { Purpose } from "./purposes.ts";
import { type KnownRegion, packageOf, receive } from "./receiving.ts";
import { damaged, rowOf } from "./rows.ts";
import { select } from "./selection.ts";
import { type Act, type Addressee, type Frame, type Member, Moments, openTo, Showing } from "./showing.ts";
import { WalletError } from "./walletError.ts";

/** Where the wallet's content lies; the app encrypts it, or its platform does. */
export interface Storage {
  load(): Promise<Uint8Array | null>;
  /** Replaces the content whole, or leaves it as it was. */
  save(content: Uint8Array): Promise<void>;
}

export interface Ports {
  /** So many bytes from a cryptographic source. */
  readonly random: (size: number) => Uint8Array;
  /** Seconds since 1970. */
  readonly now: () => number;
  readonly storage: Storage;
  readonly signer: Signer;
  /** `webCryptoCurves(crypto.subtle)` in a browser, `nobleCurves` elsewhere. */
  readonly curves: Curves;
  /** Where each use is written down before its first code exists (`history.mjs`); none: the app keeps no history. */
  readonly history?: { add(use: Use): Promise<void> };
}

/** What the holder should know at a glance, the most urgent first; `unbound`: to another device's key than this one. */
export type CardState = Status | "unbound" | "expired" | "not-yet" | "needs-refresh" | "expiring" | "valid";

export interface CardItem {
  readonly key: number;
  readonly name: string;
  readonly labels: Readonly<Record<Language, string>>;
  readonly value: Value;
  readonly isClear: boolean;
}

const DAY = 86_400;
const EXPIRING_WITHIN = 30 * DAY;
const ALWAYS = [0, Infinity] as const;
/** The kind of one presentation alone, as `animated.ts` names it. */
const PRESENTATION = 1;
/** Why every terminal would refuse what is signed of a licence. What is suspended or superseded the holder may still show. */
const REFUSED: Partial<Record<CardState, "LICENCE_REVOKED" | "DEVICE_REPORTED_LOST" | "LICENCE_UNBOUND">> = {
  revoked: "LICENCE_REVOKED",
  withdrawn: "LICENCE_REVOKED",
  cancelled: "LICENCE_REVOKED",
  invalid: "LICENCE_REVOKED",
  "device-lost": "DEVICE_REPORTED_LOST",
  unbound: "LICENCE_UNBOUND",
};
const NOTHING = { mandatory: [], optional: [], separate: [] };

interface Stored {
  readonly id: string;
  readonly region: string;
  readonly credentials: readonly Uint8Array[];
  readonly portrait: Uint8Array | null;
  readonly refreshUrl: string | null;
  readonly group: string | null;
}

export class Wallet {
  /** What issuers told of the licences here (`openid4vci.notices`). */
  readonly news = new News(this);
  private readonly moments = new Moments();
  private readonly licences = new Map<string, HeldLicence>();
  private readonly regions = new Map<string, KnownRegion & { readonly encoded: Uint8Array }>();
  private readonly stored = new Map<string, Stored>();
  private said = issuerRecords.NOTHING_SAID;
  private last: Promise<unknown> = Promise.resolve();

  private constructor(readonly ports: Ports) {}

  /** What is known of each region. */
  directories(): readonly WalletDirectory[] {
    return [...this.regions.values()].map((each) => each.directory);
  }

  /** The wallet in this storage; a new one if there is nothing in it. What a later version wrote is refused, unchanged. */
  static async open(ports: Ports): Promise<Wallet> {
    const wallet = new Wallet(ports);
    const content = await ports.storage.load();
    try {
      if (content !== null) await wallet.read(content);
    } catch (error) {
      throw error instanceof ProtocolError ? new WalletError("WALLET_DAMAGED", `${error.code}: ${error.message}`) : error;
    }
    return wallet;
  }

  /** What the issuer needs: the device's public key as a CBOR COSE_Key. */
  publicKey(): Uint8Array {
    return encode(this.ports.signer.publicKey.coseKey);
  }

  /** Stores the licence of a package, once every check holds; nothing is stored otherwise. */
  receive(encoded: Uint8Array, options: { readonly root?: Uint8Array } = {}): Promise<HeldLicence> {
    return this.inTurn(() => this.received(encoded, options));
  }

  private async received(encoded: Uint8Array, options: { readonly root?: Uint8Array }): Promise<HeldLicence> {
    const taken = await receive(encoded, {
      ours: this.ports.signer.publicKey,
      at: this.ports.now(),
      known: (region) => this.regions.get(region) ?? null,
      before: (id) => this.licences.get(id) ?? null,
      root: options.root ?? null,
      curves: this.ports.curves,
    });
    const licence = { ...taken, group: this.licences.get(taken.id)?.group ?? null };
    const { root, directory, credentials } = packageOf(encoded);
    const region = licence.directory.iss;
    const before = this.regions.get(region);
    const known = before !== undefined && before.directory === licence.directory;
    const { id, portrait, refreshUrl, group } = licence;
    const next = new Map(this.stored).set(id, { id, region, credentials, portrait, refreshUrl, group });
    const regions = new Map(this.regions);
    if (!known) regions.set(region, { root, directory: licence.directory, encoded: directory });
    await this.ports.storage.save(written(next, regions, this.said));
    this.stored.set(id, next.get(id)!);
    this.regions.set(region, regions.get(region)!);
    this.licences.set(id, licence);
    return licence;
  }

  /** Every licence, in the order of their kinds and ids. */
  cards(): readonly HeldLicence[] {
    return [...this.licences.values()].sort((a, b) => a.kind.vct - b.kind.vct || (a.id < b.id ? -1 : 1));
  }

  card(id: string): HeldLicence {
    return this.licences.get(id) ?? raise("LICENCE_NOT_FOUND");
  }

  /** The issuer's last word on its status (`openid4vci.notices`); null: it is in force as far as is known. */
  told(licence: HeldLicence): ToldStatus | null {
    const told = issuerRecords.toldOf(this.said, licence.refreshUrl, licence.id);
    // Nothing is issued of a licence that is not in force: what was announced before this edition is over.
    return told !== null && told.at >= licence.credentials[0].issued.claims.iat ? told : null;
  }

  /** The most urgent thing to know about a licence now; what its issuer has announced before its dates. */
  state(licence: HeldLicence): CardState {
    const at = this.ports.now();
    const { iat, mandate } = licence.credentials[0].issued.claims;
    const told = this.told(licence)?.status;
    if (told !== undefined && told in REFUSED) return told;
    if (!licence.credentials.every(({ issued: { claims } }) => equal(encode(claims.cnf), this.publicKey()))) return "unbound";
    if (told !== undefined) return told;
    const [exp, last] = [credentialEnd(licence), legalEnd(licence)];
    // A mandate that has ended is none (docs/spec/mandate.md, rule 6); nothing refreshes it.
    const end = mandate === null ? last : Math.min(exp, last ?? exp);
    if (end !== null && at >= end) return "expired";
    if (at < begins(licence)) return "not-yet";
    const outlives = end === null || exp < end;
    if (at >= exp || (outlives && at >= exp - Math.floor((exp - iat) / 8))) return "needs-refresh";
    return end !== null && at >= end - EXPIRING_WITHIN ? "expiring" : "valid";
  }

  /** The items of a licence in the order of its kind. */
  items(licence: HeldLicence): readonly CardItem[] {
    const [flexible] = licence.credentials;
    return licence.kind.items.flatMap((item) => {
      const found = flexible.items.get(item.key);
      if (found === undefined) return [];
      const { key, name, labels } = item;
      return [{ key, name, labels, value: found.value, isClear: found.needs.length === 0 }];
    });
  }

  /** What to ask the holder before this licence is shown for this purpose. */
  request(licence: HeldLicence, purpose: Purpose): ConsentRequest {
    return request(this.card(licence.id), purpose);
  }

  /** A showing that rolls the code; close it. Nothing is signed that `consent` does not let out. */
  show(
    licence: HeldLicence,
    options: { readonly audience: Purpose; readonly consent: Decision; readonly every?: number },
  ): Showing {
    const { audience, consent, every = 30 } = options;
    const to = openTo(audience);
    return this.begin([this.member(licence.id, consent, to)], to, { every });
  }

  /** One code, signed now. */
  async presentOnce(
    licence: HeldLicence,
    options: { readonly audience: Purpose; readonly consent: Decision },
  ): Promise<Frame> {
    const showing = this.show(licence, options);
    try {
      return await showing.frame();
    } finally {
      showing.close();
    }
  }

  /** @internal What a decision lets out of a licence: the one gate in front of every signature. */
  member(id: string, decision: Decision, to: Addressee, asked?: PurposeItems): Member {
    const licence = this.card(id);
    const refused = REFUSED[this.state(licence)];
    if (refused !== undefined) throw new WalletError(refused);
    const wanted = check(decision, licence, to);
    const maximum = asked ?? licence.directory.maximum(licence.kind.vct, to.purpose) ?? NOTHING;
    return { licence, selection: select(licence, wanted, maximum) };
  }

  /** @internal Begins to show what the gate let through. */
  begin(members: readonly Member[], addressee: Addressee, its: Partial<Act> = {}): Showing {
    const { signer, now, history } = this.ports;
    return new Showing({
      members,
      addressee,
      signer,
      now,
      moments: this.moments,
      note: async (use) => history?.add(use),
      every: 30,
      window: ALWAYS,
      whole: (presented) => [PRESENTATION, presented[0]!],
      reason: null,
      relyingParty: null,
      ...its,
    });
  }

  /** @internal Puts a licence into the holder's own group (`pack.mjs` checks its name). */
  group(licence: HeldLicence, group: string | null): Promise<HeldLicence> {
    return this.inTurn(async () => {
      const moved = { ...this.card(licence.id), group };
      const next = new Map(this.stored).set(moved.id, { ...this.stored.get(moved.id)!, group });
      await this.ports.storage.save(written(next, this.regions, this.said));
      this.stored.set(moved.id, next.get(moved.id)!);
      this.licences.set(moved.id, moved);
      return moved;
    });
  }

  /** Removes a licence from this device; the register knows nothing of it. */
  forget(licence: HeldLicence): Promise<void> {
    return this.inTurn(async () => {
      const next = new Map(this.stored);
      next.delete(this.card(licence.id).id);
      await this.ports.storage.save(written(next, this.regions, this.said));
      this.stored.delete(licence.id);
      this.licences.delete(licence.id);
    });
  }

  /** What issuers have said, and what waits at them. */
  records(): IssuerRecords {
    return this.said;
  }

  /** @internal Stores what was heard; the same records are not written again. */
  record(change: (before: IssuerRecords) => IssuerRecords): Promise<void> {
    return this.inTurn(async () => {
      const said = change(this.said);
      if (said === this.said) return;
      await this.ports.storage.save(written(this.stored, this.regions, said));
      this.said = said;
    });
  }

  /** One change after the other: each writes the whole content, and must know what the one before it wrote. */
  private inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.last.then(act);
    this.last = turn.catch(() => {});
    return turn;
  }

  private async read(content: Uint8Array): Promise<void> {
    const [, licences, regions, said] = migrations.toCurrent(decode(content, MAX_DOCUMENT_ITEMS));
    if (!isArray(licences) || !isMap(regions)) return damaged("no content of a wallet");
    this.said = issuerRecords.read(said);
    for (const [region, row] of regions) {
      const [key, encoded] = rowOf(row, 2);
      if (typeof region !== "string" || !isBytes(encoded)) return damaged("a region of another form");
      const root = VerificationKey.load(key);
      this.regions.set(region, { root, directory: await verifyDirectory(encoded, root, this.ports.curves), encoded });
    }
    for (const row of licences) {
      const stored = storedOf(row);
      const { id, region, credentials, portrait, refreshUrl, group } = stored;
      const { directory } = this.regions.get(region) ?? damaged("a licence of no region");
      const all = credentials.map(held) as [HeldCredential, ...HeldCredential[]];
      const kind = directory.kinds.get(all[0].issued.claims.vct) ?? damaged("a licence of no kind");
      this.stored.set(id, stored);
      this.licences.set(id, { id, kind, directory, credentials: all, portrait, refreshUrl, group });
    }
  }
}

/** Rows of five are of no group: versions before there were groups wrote no others, and present ones do so too. */
function storedOf(row: Value): Stored {
  const [id, region, credentials, portrait, refreshUrl, group = null] = rowOf(row, 6);
  const isWhole = isArray(credentials) && credentials.length > 0 && credentials.every(isBytes);
  if (typeof id !== "string" || typeof region !== "string" || !isWhole || !isWord(refreshUrl) || !isWord(group))
    return damaged("a licence of another form");
  if (portrait !== null && !isBytes(portrait)) return damaged("a portrait of another form");
  return { id, region, credentials, portrait, refreshUrl, group };
}

function isWord(value: Value | undefined): value is string | null {
  return value === null || typeof value === "string";
}

function written(
  licences: ReadonlyMap<string, Stored>,
  regions: ReadonlyMap<string, KnownRegion & { readonly encoded: Uint8Array }>,
  said: IssuerRecords,
): Uint8Array {
  const rows = [...licences.values()].map((each) => [
    each.id, each.region, each.credentials, each.portrait, each.refreshUrl, ...(each.group === null ? [] : [each.group]),
  ]); // prettier-ignore
  const known = new Map<Key, Value>([...regions].map(([name, { root, encoded }]) => [name, [root.coseKey, encoded]]));
  return encode([migrations.CURRENT, rows, known, issuerRecords.written(said)]);
}

function raise(code: "LICENCE_NOT_FOUND"): never {
  throw new WalletError(code);
}
