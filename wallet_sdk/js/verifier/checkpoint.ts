/** Checkpoints and co-signatures (docs/spec/checkpoint.md), and the feed document (docs/spec/feed.md). */

import { compare } from "../src/bytes.ts";
import { type CborMap, decode, isArray, isBytes, isMap, type Value } from "../src/cbor.ts";
import { moment } from "../src/claims.ts";
import * as coseSign1 from "../src/coseSign1.ts";
import type { UnverifiedSign1 } from "../src/coseSign1.ts";
import type { Curves } from "../src/curves.ts";
import type { VerificationKey } from "../src/keys.ts";
import { refuse } from "../src/protocolError.ts";
import * as signedDocument from "../src/signedDocument.ts";
import type { SignedDocument } from "../src/signedDocument.ts";
import { find, type TrustAnchor, type TrustList, USE } from "../src/trust.ts";
import { type FeedPosition, MAX_LISTS } from "./delta.ts";
import type { BasePointer } from "./regionState.ts";

const [ISS, EXP, IAT, TTL] = [1, 4, 6, 65_534] as const;
const [FEED, HEADS, BASE, LISTS, BANS, VERSIONS, REVERSALS, DELTA_HASH] =
  [-70_022, -70_023, -70_024, -70_025, -70_026, -70_027, -70_028, -70_029] as const;
const REQUIRED: readonly number[] = [ISS, EXP, IAT, TTL, FEED, HEADS, BASE, LISTS, VERSIONS];
const KNOWN = [...REQUIRED, BANS, REVERSALS];
const [INLINE_DELTAS, INLINE_REVERSALS] = [-70_100, -70_101] as const;
const FEED_DOCUMENT = -70_037;
const DAY = 86_400;
const MAX_NUMBER = 2 ** 32 - 1;

export interface Ban {
  readonly iss: string;
  readonly kid: Uint8Array;
  readonly since: number;
}

export interface Checkpoint {
  readonly position: FeedPosition;
  readonly iat: number;
  readonly head: Uint8Array;
  readonly stateRoot: Uint8Array;
  readonly lists: number;
  readonly bans: readonly Ban[];
}

export interface FeedDocument extends SignedDocument {
  readonly epoch: number;
  readonly base: BasePointer;
}

export interface Reversal {
  readonly position: FeedPosition;
  readonly deltaHash: Uint8Array;
}

/** What a status key of exactly this region says of all of its lists. Lateness is a grade, and no refusal. */
export async function verifyCheckpoint(
  encoded: Uint8Array,
  trust: TrustList,
  region: string,
  at: number,
  curves: Curves,
): Promise<Checkpoint> {
  if (encoded.length > 6_144) refuse("E_SIZE", `a checkpoint of ${encoded.length} bytes`);
  const sign1 = coseSign1.parse(decode(encoded), {
    typ: "application/status-checkpoint+cwt",
    protectedLabels: [coseSign1.ALG, coseSign1.KID, coseSign1.TYP],
    // What rides along is signed by nobody, and not read here.
    unprotectedLabels: [INLINE_DELTAS, INLINE_REVERSALS],
  });
  const payload = decode(sign1.payload);
  if (!isMap(payload) || !REQUIRED.every((each) => payload.has(each)) || ![...payload.keys()].every((key) => KNOWN.includes(key as number)))
    refuse("E_SHAPE", "not exactly the claims of a checkpoint");
  const position = positionOf(payload);
  const [iat, exp] = [moment(payload, IAT), moment(payload, EXP)];
  if (!(iat < exp && exp <= iat + DAY)) refuse("E_TIME_ORDER", "not iat < exp ≤ iat + a day");
  const [head, stateRoot] = tuple(payload.get(HEADS), 2).map(digest) as [Uint8Array, Uint8Array];
  tuple(payload.get(VERSIONS), 2).forEach((each) => number(each, 1));
  number(payload.get(TTL), 1, DAY);
  if (pointerOf(payload.get(BASE)).seq > position.seq) refuse("E_SCHEMA", "a base of a state that has not come");
  const [lists, bans] = [number(payload.get(LISTS), 1, MAX_LISTS), bansOf(payload, position.region)];
  checkReversals(payload, position);
  if (position.region !== region) refuse("E_STATUS_URI", "a checkpoint of another region");
  const iss = authority(payload.get(ISS), region);
  await signedBy(sign1, trust, { iss, use: USE.status, region, iat, at }, curves);
  return { position, iat, head, stateRoot, lists, bans };
}

/** What the offline key of this region says of one delta. */
export async function verifyReversal(
  encoded: Uint8Array,
  trust: TrustList,
  region: string,
  at: number,
  curves: Curves,
): Promise<Reversal> {
  if (encoded.length > 256) refuse("E_SIZE", `a co-signature of ${encoded.length} bytes`);
  const protectedLabels = [coseSign1.ALG, coseSign1.KID, coseSign1.TYP];
  const sign1 = coseSign1.parse(decode(encoded), { typ: "lz-reversal", protectedLabels });
  const payload = decode(sign1.payload);
  if (!isMap(payload) || payload.size !== 4 || ![ISS, IAT, FEED, DELTA_HASH].every((each) => payload.has(each)))
    refuse("E_SHAPE", "not exactly the claims of a co-signature");
  const position = positionOf(payload);
  number(position.seq, 1);
  const iss = authority(payload.get(ISS), position.region);
  const [iat, deltaHash] = [moment(payload, IAT), digest(payload.get(DELTA_HASH))];
  if (position.region !== region) refuse("E_STATUS_URI", "a co-signature for another region's lists");
  await signedBy(sign1, trust, { iss, use: USE.reversal, region, iat, at }, curves);
  return { position, deltaHash };
}

/** The region's root's word about its feed: the epoch, and the base from which one may begin. */
export async function verifyFeedDocument(
  encoded: Uint8Array,
  root: VerificationKey,
  region: string,
  curves: Curves,
): Promise<FeedDocument> {
  const document = await signedDocument.verify(encoded, "lz-feed", FEED_DOCUMENT, root, curves);
  if (document.iss !== region) refuse("E_STATUS_URI", "a feed document of another region");
  const [epoch, base, urls] = tuple(document.body, 3, "E_SHAPE");
  if (!isArray(urls)) refuse("E_SHAPE", "addresses that are no array");
  return { ...document, epoch: number(epoch), base: pointerOf(base) };
}

interface Signing {
  readonly iss: string;
  readonly use: number;
  readonly region: string;
  readonly iat: number;
  readonly at: number;
}

/** A key for single lists speaks for those alone: this one has to speak for all of them. */
async function signedBy(sign1: UnverifiedSign1, trust: TrustList, its: Signing, curves: Curves): Promise<void> {
  const kid = sign1.protected.get(coseSign1.KID);
  if (!isBytes(kid) || kid.length !== 8) refuse("E_SHAPE", "kid is not 8 bytes");
  const anchor: TrustAnchor = find(trust.anchors, its.iss, kid, its.use);
  if (its.iat > anchor.signUntil || its.at > anchor.verifyUntil) refuse("E_ISSUER_EXPIRED", "the key had ended");
  if (!anchor.statusPrefixes.includes(`lz:${its.region}/`)) refuse("E_STATUS_URI", "not a key for the whole region");
  if (!(await coseSign1.verify(sign1, anchor.key, curves))) refuse("E_SIG_ISSUER", "the signature does not fit");
}

function positionOf(payload: CborMap): FeedPosition {
  const [region, epoch, seq] = tuple(payload.get(FEED), 3);
  if (typeof region !== "string" || !/^[0-9]{6}$/.test(region)) refuse("E_SCHEMA", "a place in the feed without a region");
  return { region, epoch: number(epoch), seq: number(seq) };
}

function pointerOf(value: Value | undefined): BasePointer {
  const [seq, sha256, size] = tuple(value, 3);
  return { seq: number(seq), sha256: digest(sha256), size: number(size, 1) };
}

function bansOf(payload: CborMap, region: string): readonly Ban[] {
  const bans = several(payload, BANS).map((each) => {
    const [iss, kid, since] = tuple(each, 3);
    if (!isBytes(kid) || kid.length !== 8) refuse("E_SCHEMA", "a ban without a kid");
    return { iss: authority(iss, region), kid, since: moment(new Map([[IAT, since!]]), IAT) };
  });
  bans.forEach((each, at) => {
    const before = bans[at - 1];
    if (before && !(before.iss < each.iss || (before.iss === each.iss && compare(before.kid, each.kid) < 0)))
      refuse("E_SCHEMA", "bans that are not ascending, or one key twice");
  });
  return bans;
}

function checkReversals(payload: CborMap, position: FeedPosition): void {
  let before = 0;
  for (const each of several(payload, REVERSALS)) {
    const [seq, hash] = tuple(each, 2);
    digest(hash);
    if (number(seq, 1, position.seq) <= before) refuse("E_SCHEMA", "co-signed deltas that are not ascending");
    before = seq as number;
  }
}

function several(payload: CborMap, label: number): readonly Value[] {
  if (!payload.has(label)) return [];
  const value = payload.get(label);
  return isArray(value) && value.length > 0 && value.length <= 8 ? value : refuse("E_SCHEMA", `claim ${label}`);
}

function tuple(value: Value | undefined, size: number, code = "E_SCHEMA"): readonly Value[] {
  return isArray(value) && value.length === size ? value : refuse(code, `not ${size} entries`);
}

function number(value: Value | undefined, least = 0, most = MAX_NUMBER): number {
  return typeof value === "number" && value >= least && value <= most ? value : refuse("E_SCHEMA", "a number of the feed");
}

function digest(value: Value | undefined): Uint8Array {
  return isBytes(value) && value.length === 32 ? value : refuse("E_SCHEMA", "a digest that is not 32 bytes");
}

function authority(value: Value | undefined, region: string): string {
  const isOne = typeof value === "string" && /^[0-9]{6}\.[A-Z0-9]{1,16}$/.test(value) && value.startsWith(`${region}.`);
  return isOne ? value : refuse("E_SCHEMA", "iss is not an authority of the region");
}
