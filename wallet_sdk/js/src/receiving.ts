/** Takes a licence package in, once every check holds (docs/spec/licence-package.md); nothing is taken otherwise. */

import { sha256 } from "@noble/hashes/sha2.js";

import { equal } from "./bytes.ts";
import { decode, isArray, isBytes, isMap, type Value } from "./cbor.ts";
import { checkValue, type Kind } from "./catalogue.ts";
import { text } from "./claims.ts";
import * as credential from "./credential.ts";
import { verifyDirectory, type WalletDirectory } from "./directory.ts";
import { held, type HeldCredential, type HeldLicence } from "./heldLicence.ts";
import type { Curves } from "./curves.ts";
import { VerificationKey } from "./keys.ts";
import { contradictions } from "./mandate.ts";
import { ProtocolError, refuse } from "./protocolError.ts";
import type { ErrorCode } from "./errorTable.ts";
import { localMidnight } from "./time.ts";
import { findCredentialAnchor } from "./trust.ts";
import { WalletError } from "./walletError.ts";

const CLOCK_SKEW = 30;
const MAX_AHEAD = 366 * 86_400;
const MAX_BYTES = 262_144;
const VALID_FROM = 6;
const PORTRAIT = 14;

export interface Package {
  readonly id: string;
  readonly credentials: readonly Uint8Array[];
  readonly portrait: Uint8Array | null;
  readonly refreshUrl: string | null;
  readonly directory: Uint8Array;
  readonly root: VerificationKey;
}

/** What a wallet knows of a region since its first package. */
export interface KnownRegion {
  readonly root: VerificationKey;
  readonly directory: WalletDirectory;
}

/** What a package is read under. */
export interface Context {
  readonly ours: VerificationKey;
  readonly at: number;
  /** What is known of a region; its root is the only one that is accepted. */
  readonly known: (region: string) => KnownRegion | null;
  /** The licence that is held under an id, if any. */
  readonly before: (id: string) => HeldLicence | null;
  /** SHA-256 thumbprint of the only root to accept; null: the known one, or for a new region the package's own. */
  readonly root: Uint8Array | null;
  readonly curves: Curves;
}

/** The licence of a package. Nothing of it is the wallet's before all of it holds. */
export async function receive(
  encoded: Uint8Array,
  context: Context,
): Promise<HeldLicence> {
  const pack = await named("PACKAGE_MALFORMED", () => packageOf(encoded));
  if (context.root !== null && !equal(pack.root.thumbprint, context.root))
    throw new WalletError("PACKAGE_ROOT_UNEXPECTED", pack.root.id);
  const directory = await directoryOf(pack, context);
  const credentials: HeldCredential[] = [];
  for (const each of pack.credentials) credentials.push(await credentialOf(each, directory, context));
  const [flexible] = credentials as [HeldCredential, ...HeldCredential[]];
  checkTimes(credentials, context.at);
  checkGroup(credentials);
  if (pack.portrait !== null) {
    const digest = flexible.items.get(PORTRAIT)?.value;
    if (!isBytes(digest) || !equal(sha256(pack.portrait), digest)) throw new WalletError("PACKAGE_PORTRAIT_WRONG");
  }
  checkEdition(flexible, context.before(pack.id));
  const kind = directory.kinds.get(flexible.issued.claims.vct)!;
  const { id, portrait, refreshUrl } = pack;
  return { id, kind, directory, credentials: credentials as [HeldCredential, ...HeldCredential[]], portrait, refreshUrl, group: null };
}

export function packageOf(encoded: Uint8Array): Package {
  if (encoded.length > MAX_BYTES) refuse("E_SIZE", `a licence package of ${encoded.length} bytes`);
  const content = decode(encoded);
  if (!isMap(content) || ![1, 2, 3, 6, 7].every((label) => content.has(label))) refuse("E_SHAPE", "not a package");
  if (![...content.keys()].every((label) => typeof label === "number" && label >= 1 && label <= 7))
    refuse("E_SHAPE", "not a licence package");
  const [version, credentials, portrait, url, directory] = [1, 3, 4, 5, 6].map((label) => content.get(label));
  if (version !== 1) refuse("E_SCHEMA", "a package of another version");
  if (!isArray(credentials) || credentials.length === 0 || credentials.length > 16 || !credentials.every(isBytes))
    refuse("E_SCHEMA", "a package without credentials");
  if (!isBytes(directory)) refuse("E_SCHEMA", "a package without directory");
  if (portrait !== undefined && !isBytes(portrait)) refuse("E_SCHEMA", "a portrait of the wrong type");
  if (url !== undefined && !isWebAddress(url)) refuse("E_SCHEMA", "a refresh address that is no web address");
  return {
    id: text(content, 2, 64),
    credentials: credentials as readonly Uint8Array[],
    portrait: portrait ?? null,
    refreshUrl: (url as string | undefined) ?? null,
    directory,
    root: VerificationKey.load(content.get(7)),
  };
}

async function directoryOf(pack: Package, { known, at, curves }: Context): Promise<WalletDirectory> {
  let listed = await named("PACKAGE_DIRECTORY_REFUSED", () => verifyDirectory(pack.directory, pack.root, curves));
  const before = known(listed.iss);
  if (before !== null) {
    if (before.root.id !== pack.root.id) throw new WalletError("PACKAGE_ROOT_CHANGED", listed.iss);
    // An older directory never brings a withdrawn key back.
    if (before.directory.seq > listed.seq) listed = before.directory;
  }
  if (at >= listed.exp) throw new WalletError("PACKAGE_DIRECTORY_EXPIRED");
  if (listed.iat > at + CLOCK_SKEW) throw new WalletError("PACKAGE_FROM_FUTURE");
  return listed;
}

async function credentialOf(
  encoded: Uint8Array,
  listed: WalletDirectory,
  { ours, at, curves }: Context,
): Promise<HeldCredential> {
  const unverified = await named("PACKAGE_CREDENTIAL_MALFORMED", () => credential.parse(decode(encoded)));
  const { claims } = unverified;
  const region = claims.iss.slice(0, 6);
  if (region !== listed.iss) throw new WalletError("PACKAGE_REGION_MISMATCH", claims.iss);
  const anchor = await named("PACKAGE_ISSUER_UNKNOWN", () => findCredentialAnchor(listed.anchors, unverified, at));
  let confirmationKey: VerificationKey;
  try {
    confirmationKey = await credential.verify(unverified, anchor.key, curves);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new WalletError(error.code === "E_SIG_ISSUER" ? "PACKAGE_SIGNATURE_WRONG" : "PACKAGE_CREDENTIAL_MALFORMED");
  }
  const kind = listed.kinds.get(claims.vct);
  if (kind === undefined) throw new WalletError("PACKAGE_KIND_UNKNOWN", String(claims.vct));
  if (claims.mandate !== null && contradictions(claims.mandate, region, claims.vct).length > 0)
    throw new WalletError("PACKAGE_MANDATE_WRONG");
  // SD-CWT section 6.2: the holder makes sure that the confirmation key is its own.
  if (confirmationKey.id !== ours.id) throw new WalletError("PACKAGE_FOREIGN_DEVICE");
  const [hidden, its] = await named("PACKAGE_DISCLOSURES_WRONG", () => {
    const restored = credential.disclosedLicence(unverified);
    return [restored.hidden, held(encoded)] as const;
  });
  if (hidden > 0) throw new WalletError("PACKAGE_DISCLOSURE_MISSING", `${hidden} hashes stay closed`);
  await checkItems(its, kind);
  return its;
}

async function checkItems(its: HeldCredential, kind: Kind): Promise<void> {
  for (const [key, { value }] of its.items) {
    const known = kind.items.find((item) => item.key === key);
    if (known === undefined) throw new WalletError("PACKAGE_ITEMS_WRONG", `lic key ${key} is not in the catalogue`);
    if ([6, 7].includes(key) && known.type !== "date") throw new WalletError("PACKAGE_ITEMS_WRONG", `lic key ${key}`);
    await named("PACKAGE_ITEMS_WRONG", () => checkValue(known, value));
  }
}

function checkTimes(all: readonly HeldCredential[], at: number): void {
  const first = all[0]!.items.get(VALID_FROM)?.value;
  // A licence that begins later is dated at its first day; anything else that is dated ahead means a wrong clock.
  const begins = typeof first === "number" ? localMidnight(first) : at;
  const latest = Math.max(at + CLOCK_SKEW, Math.min(begins, at + MAX_AHEAD));
  for (const { issued } of all) {
    if (at >= issued.claims.exp) throw new WalletError("PACKAGE_EXPIRED");
    if (issued.claims.iat > latest) throw new WalletError("PACKAGE_FROM_FUTURE");
  }
}

function checkGroup([flexible, ...views]: readonly HeldCredential[]): void {
  const first = flexible!.issued.claims;
  const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);
  for (const { issued, items } of views) {
    const { claims } = issued;
    const parts = (its: credential.Claims) => [its.iss, its.vct, its.status, its.holderKind, its.keyAssurance, its.mandate];
    if (!same(parts(claims), parts(first))) throw new WalletError("PACKAGE_GROUP_INCONSISTENT");
    for (const [key, { value }] of items)
      if (!sameValue(flexible!.items.get(key)?.value, value))
        throw new WalletError("PACKAGE_GROUP_INCONSISTENT", `a view states lic key ${key} otherwise`);
  }
  const subs = [first, ...views.map((each) => each.issued.claims)].map((claims) => claims.sub);
  if (new Set(subs).size !== subs.length) throw new WalletError("PACKAGE_GROUP_INCONSISTENT", "one sub twice");
}

function checkEdition(flexible: HeldCredential, before: HeldLicence | null): void {
  if (before === null) return;
  const [now, then] = [flexible.issued.claims, before.credentials[0].issued.claims];
  if (now.iss !== then.iss || now.vct !== then.vct || (now.mandate === null) !== (then.mandate === null))
    throw new WalletError("PACKAGE_ID_TAKEN", before.id);
  if (now.iat < then.iat || (now.iat === then.iat && now.exp < then.exp)) throw new WalletError("PACKAGE_OLDER");
}

function sameValue(one: Value | undefined, other: Value): boolean {
  return isBytes(one) && isBytes(other) ? equal(one, other) : one === other;
}

function isWebAddress(value: Value): boolean {
  return typeof value === "string" && /^https?:\/\/[!-~]+$/.test(value) && value.length <= 500;
}

/** The protocol's refusals by the wallet's name. */
async function named<T>(code: ErrorCode, read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof ProtocolError) throw new WalletError(code, `${error.code}: ${error.message}`);
    throw error;
  }
}
