/**
 * What the verifier holds of one region, taken in from published files: verified by a root that the operator compared.
 *
 * Nothing is believed that the root, or a key of its trust list, has not signed; nothing goes back; what fails leaves
 * what is held as it is. What was stored is verified again in the same way when it is loaded. Not handled here: where
 * files come from, and where they are stored.
 */

import { equal, fromHex, toHex } from "../src/bytes.ts";
import { decode, isArray } from "../src/cbor.ts";
import type { Curves } from "../src/curves.ts";
import { VerificationKey } from "../src/keys.ts";
import type { SignedDocument } from "../src/signedDocument.ts";
import { type TrustList, verifyTrustList } from "../src/trust.ts";
import { verifyCatalogue } from "./catalogue.ts";
import { type Checkpoint, type FeedDocument, verifyCheckpoint, verifyFeedDocument } from "./checkpoint.ts";
import type { Catalogue, Knowledge, StatusView } from "./context.ts";
import type { Entries } from "./feedBundle.ts";
import { checkRoot, deltasAfter, type FeedState, goesOn, stateAt } from "./feedWay.ts";
import { broken, signed } from "./materialError.ts";
import { type Policy, verifyPolicy } from "./policy.ts";
import { type List, lookUp } from "./regionState.ts";
import { type Inflate, lookUpToken, type StatusToken, verifyStatusToken } from "./statusToken.ts";

export interface Ports {
  readonly curves: Curves;
  readonly inflate: Inflate;
}

interface Documents {
  readonly trust: TrustList;
  readonly catalogue: Catalogue & SignedDocument;
  readonly policy: Policy;
  readonly feed: FeedDocument | null;
}

/** Everything that is held of one region, verified; `take` and `restore` alone make it. */
export interface Material {
  /** Thumbprint of the root, in hexadecimal. */
  readonly root: string;
  readonly region: string;
  readonly documents: Documents;
  /** The region's feed; null for a region that has none. */
  readonly feed: FeedState | null;
  readonly tokens: ReadonlyMap<string, StatusToken>;
  /** By `<iss> <kid>`, from when on: every ban that was seen, for as long as the trust list has the key. */
  readonly bans: ReadonlyMap<string, number>;
  /** The files that are signed, as they were published. */
  readonly files: Entries;
}

/** What is stored of it: no part of this is believed when it is read again. */
export interface Stored {
  readonly root: string;
  readonly files: Entries;
  readonly lists: readonly List[];
  readonly bans: ReadonlyMap<string, number>;
}

const DOCUMENTS = ["root.cbor", "trust.cbor", "catalogue.cbor", "policy.cbor", "feed.cbor"];
const [CHECKPOINT, CHECKPOINT_10] = ["feed/checkpoint.cwt", "feed/checkpoint-10.cwt"] as const;
const TOKEN = /^status\/[0-9]+\.cwt$/;

/** The thumbprint of the root in published files: what the operator compares before anything is taken in. */
export async function rootIn(entries: Entries): Promise<VerificationKey> {
  const encoded = entries.get("root.cbor") ?? broken("missing", "root.cbor");
  return signed("root.cbor", () => {
    const value = decode(encoded);
    if (isArray(value)) broken("root-pair", "the root is a pair of keys");
    return VerificationKey.load(value);
  });
}

/**
 * Takes published files in.
 *
 * @param root - The thumbprint, in hexadecimal, that the operator has compared.
 * @throws {MaterialError} By its own reason; `held` is as good as before.
 */
export async function take(
  entries: Entries,
  root: string,
  held: Material | null,
  at: number,
  ports: Ports,
): Promise<Material> {
  const documents = await documentsIn(entries, root, ports);
  const { trust, feed } = documents;
  if (held !== null) checkOrder(held, documents, root);
  // Copies: what is kept must not hold the whole bundle in which it lay.
  const kept = [...entries]
    .filter(([name]) => DOCUMENTS.includes(name) || (feed === null && TOKEN.test(name)))
    .map(([name, content]) => [name, content.slice()] as const);
  if (feed === null) {
    if (held !== null && held.feed !== null) broken("missing", "feed.cbor: a region that has a feed goes on with it");
    const tokens = await tokensIn(entries, trust, at, ports);
    checkTokens(held?.tokens ?? new Map(), tokens);
    return { root, region: trust.iss, documents, feed: null, tokens, bans: bansOf(held, null, trust), files: new Map(kept) };
  }
  const [its, encoded] = await checkpointIn(entries, trust, at, ports);
  const state = await stateAt(its, feed, held?.feed ?? null, entries, trust, at, ports.curves);
  const files = new Map([...kept, [CHECKPOINT_10, encoded.slice()] as const]);
  const bans = bansOf(held, its, trust);
  return { root, region: trust.iss, documents, feed: state, tokens: new Map(), bans, files };
}

/**
 * The names of the objects that `take` would need beside these documents and this checkpoint: the shorter way.
 *
 * @throws {MaterialError} The documents or the checkpoint do not hold.
 */
export async function lacking(
  entries: Entries,
  root: string,
  held: Material | null,
  at: number,
  ports: Ports,
): Promise<readonly string[]> {
  const { trust, feed } = await documentsIn(entries, root, ports);
  if (feed === null) return [];
  const [its] = await checkpointIn(entries, trust, at, ports);
  const before = held?.feed ?? null;
  if (goesOn(before, feed, its.position.seq)) return deltasAfter(before.checkpoint.position.seq, its);
  return [`feed/base-${its.position.epoch}-${feed.base.seq}`, ...deltasAfter(feed.base.seq, its)];
}

/** What was stored, once all of it has been verified again. @throws {MaterialError} It does not hold, or not any more. */
export async function restore({ root, files, lists, bans }: Stored, at: number, ports: Ports): Promise<Material> {
  const documents = await documentsIn(files, root, ports);
  const { trust } = documents;
  const own = { root, region: trust.iss, documents, bans, files };
  if (documents.feed === null) return { ...own, feed: null, tokens: await tokensIn(files, trust, at, ports) };
  const [checkpoint] = await checkpointIn(files, trust, at, ports);
  checkRoot({ checkpoint, lists });
  return { ...own, feed: { checkpoint, lists }, tokens: new Map() };
}

export function storedOf({ root, files, feed, bans }: Material): Stored {
  return { root, files, lists: feed?.lists ?? [], bans };
}

/** What an appraisal may know of it. */
export function knowledgeOf({ documents, feed, tokens, bans, region }: Material): Knowledge {
  const { trust, catalogue, policy } = documents;
  return { trust, catalogue, policy, bans, status: feed === null ? ofTokens(tokens) : ofFeed(feed, region) };
}

function ofFeed({ checkpoint, lists }: FeedState, region: string): StatusView {
  const { iat } = checkpoint;
  return { lookUp: (uri, idx) => lookUp(lists, `lz:${region}/`, uri, idx, iat), oldest: () => iat };
}

function ofTokens(tokens: ReadonlyMap<string, StatusToken>): StatusView {
  if (tokens.size === 0) return { lookUp: () => ({ coverage: "no data" }), oldest: () => null };
  const oldest = Math.min(...[...tokens.values()].map((each) => each.iat));
  return { lookUp: (uri, idx) => lookUpToken(tokens.get(uri), idx), oldest: () => oldest };
}

async function documentsIn(entries: Entries, root: string, { curves }: Ports): Promise<Documents> {
  const key = await rootIn(entries);
  if (!equal(key.thumbprint, fromHex(root))) broken("other-root", "the files are signed by another root");
  const read = <T>(name: string, verify: (encoded: Uint8Array, root: VerificationKey, curves: Curves) => Promise<T>) => {
    const encoded = entries.get(name) ?? broken("missing", name);
    return signed(name, () => verify(encoded, key, curves));
  };
  const trust = await read("trust.cbor", verifyTrustList);
  const catalogue = await read("catalogue.cbor", verifyCatalogue);
  const policy = await read("policy.cbor", verifyPolicy);
  if (!/^[0-9]{6}$/.test(trust.iss) || catalogue.iss !== trust.iss || policy.iss !== trust.iss)
    broken("form", "documents of several regions");
  const feed = entries.has("feed.cbor")
    ? await read("feed.cbor", (encoded, root, curves) => verifyFeedDocument(encoded, root, trust.iss, curves))
    : null;
  return { trust, catalogue, policy, feed };
}

async function checkpointIn(
  entries: Entries,
  trust: TrustList,
  at: number,
  { curves }: Ports,
): Promise<[Checkpoint, Uint8Array]> {
  const encoded = entries.get(CHECKPOINT_10) ?? entries.get(CHECKPOINT) ?? broken("missing", CHECKPOINT);
  return [await signed(CHECKPOINT, () => verifyCheckpoint(encoded, trust, trust.iss, at, curves)), encoded];
}

async function tokensIn(
  entries: Entries,
  trust: TrustList,
  at: number,
  { curves, inflate }: Ports,
): Promise<ReadonlyMap<string, StatusToken>> {
  const tokens = new Map<string, StatusToken>();
  for (const [name, encoded] of entries) {
    if (!TOKEN.test(name)) continue;
    const token = await signed(name, () => verifyStatusToken(encoded, trust, at, curves, inflate));
    tokens.set(token.uri, token);
  }
  return tokens;
}

/** Documents never go back (seq, iat), and are those of the region that is held. */
function checkOrder(held: Material, documents: Documents, root: string): void {
  if (held.root !== root || held.region !== documents.trust.iss) broken("other-root", "another region, or another root");
  for (const name of ["trust", "catalogue", "policy", "feed"] as const) {
    const [old, came]: readonly (SignedDocument | null)[] = [held.documents[name], documents[name]];
    if (old && came && isBefore(came, old)) broken("older", `${name}.cbor: what is held was signed later`);
  }
}

function checkTokens(held: ReadonlyMap<string, StatusToken>, came: ReadonlyMap<string, StatusToken>): void {
  for (const [uri, old] of held) {
    const token = came.get(uri) ?? broken("missing", `the list ${uri}, which is held`);
    if (isBefore(token, old)) broken("older", `the list ${uri}`);
  }
}

function isBefore(one: { seq: number; iat: number }, other: { seq: number; iat: number }): boolean {
  return one.seq < other.seq || (one.seq === other.seq && one.iat < other.iat);
}

/** Every ban that was ever seen, at its earliest, for as long as the trust list has the key. */
function bansOf(held: Material | null, its: Checkpoint | null, trust: TrustList): ReadonlyMap<string, number> {
  const bans = new Map([...(held?.bans ?? [])].filter(([pair]) => trust.anchors.has(pair)));
  for (const { iss, kid, since } of its?.bans ?? []) {
    const pair = `${iss} ${toHex(kid)}`;
    bans.set(pair, Math.min(since, bans.get(pair) ?? since));
  }
  return bans;
}
