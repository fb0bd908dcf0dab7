/** Trusted keys (docs/spec/signed-documents.md): which key may sign what, until when; looked up by (iss, kid). */

import { compare, equal, toHex } from "./bytes.ts";
import { isArray, isBytes, isMap, type Value } from "./cbor.ts";
import { moment, text } from "./claims.ts";
import { isVct, type UnverifiedCredential } from "./credential.ts";
import type { Curves } from "./curves.ts";
import { VerificationKey } from "./keys.ts";
import { refuse } from "./protocolError.ts";
import * as signedDocument from "./signedDocument.ts";
import type { SignedDocument } from "./signedDocument.ts";

export const USE = { assert: 1, status: 2, terminal: 3, paper: 4, mandate: 5, beacon: 6, reversal: 7, staff: 8 } as const;
const ANCHORS = -70_031;

export interface TrustAnchor {
  readonly iss: string;
  readonly key: VerificationKey;
  readonly use: number;
  readonly kinds: readonly number[];
  readonly statusPrefixes: readonly string[];
  readonly signUntil: number;
  readonly verifyUntil: number;
}

export type Anchors = ReadonlyMap<string, TrustAnchor>;

export interface TrustList extends SignedDocument {
  readonly anchors: Anchors;
  readonly withdrawn: readonly Uint8Array[];
}

export async function verifyTrustList(encoded: Uint8Array, root: VerificationKey, curves: Curves): Promise<TrustList> {
  const document = await signedDocument.verify(encoded, "lz-trust", ANCHORS, root, curves);
  const { body } = document;
  const isWithWithdrawn = isMap(body) && body.size === 2 && body.has(1) && body.has(2);
  return {
    ...document,
    anchors: anchorsOf(isWithWithdrawn ? body.get(1)! : body),
    withdrawn: isWithWithdrawn ? withdrawnKids(body.get(2)!) : [],
  };
}

export function anchorsOf(value: Value): Anchors {
  if (!isArray(value)) refuse("E_SCHEMA", "anchors is not an array");
  const anchors = new Map<string, TrustAnchor>();
  for (const each of value.map(anchorOf)) {
    const pair = pairOf(each.iss, each.key.kid);
    if (anchors.has(pair)) refuse("E_SCHEMA", "two trust anchors have one (iss, kid)");
    anchors.set(pair, each);
  }
  if (anchors.size === 0) refuse("E_SCHEMA", "a trust list without anchors");
  return anchors;
}

/** Step 5: the anchor that must have signed this credential; a mandate takes a mandate key. */
export function findCredentialAnchor(anchors: Anchors, unverified: UnverifiedCredential, at: number): TrustAnchor {
  const { claims } = unverified;
  const use = claims.mandate === null ? USE.assert : USE.mandate;
  const anchor = find(anchors, claims.iss, unverified.kid, use);
  if (claims.iat > anchor.signUntil || at > anchor.verifyUntil) refuse("E_ISSUER_EXPIRED", "the issuer's key had ended");
  if (!anchor.kinds.includes(claims.vct)) refuse("E_VCT", `this issuer may not sign kind ${claims.vct}`);
  const { uri } = claims.status;
  if (!anchor.statusPrefixes.some((prefix) => (prefix.endsWith("/") ? uri.startsWith(prefix) : uri === prefix)))
    refuse("E_STATUS_URI", "the status list belongs to another issuer");
  return anchor;
}

export function find(anchors: Anchors, iss: string, kid: Uint8Array, use: number): TrustAnchor {
  const anchor = anchors.get(pairOf(iss, kid));
  if (anchor === undefined || anchor.use !== use)
    refuse("E_ISSUER_UNKNOWN", "no trusted key has this issuer, key identifier and use");
  return anchor;
}

function pairOf(iss: string, kid: Uint8Array): string {
  return `${iss} ${toHex(kid)}`;
}

export function withdrawnKids(value: Value): readonly Uint8Array[] {
  if (!isArray(value) || value.length === 0) refuse("E_SCHEMA", "what is withdrawn is not an array of kids");
  return value.map((each, at) =>
    isBytes(each) && each.length === 8 && (at === 0 || compare(value[at - 1] as Uint8Array, each) < 0)
      ? each
      : refuse("E_SCHEMA", "what is withdrawn are not kids in ascending order"),
  );
}

function anchorOf(entry: Value): TrustAnchor {
  if (!isMap(entry) || entry.size !== 8 || ![1, 2, 3, 4, 5, 6, 7, 8].every((label) => entry.has(label)))
    refuse("E_SCHEMA", "an anchor that has not exactly the eight entries");
  const key = VerificationKey.load(entry.get(3));
  const [kid, use, kinds, prefixes] = [2, 4, 5, 6].map((label) => entry.get(label));
  if (!isBytes(kid) || !equal(kid, key.kid)) refuse("E_SCHEMA", "an anchor whose kid is not its key's thumbprint");
  if (!(Object.values(USE) as unknown[]).includes(use)) refuse("E_SCHEMA", "an anchor without one use");
  if (!isArray(kinds) || !isArray(prefixes)) refuse("E_SCHEMA", "kinds and status prefixes are arrays");
  return {
    iss: text(entry, 1, 32),
    key,
    use: use as number,
    kinds: kinds.map((each) => (isVct(each) ? each : refuse("E_SCHEMA", "a kind that is none"))),
    statusPrefixes: prefixes.map((each) =>
      typeof each === "string" && each.startsWith("lz:") && [...each].length <= 32
        ? each
        : refuse("E_SCHEMA", "a status prefix that is none"),
    ),
    signUntil: moment(entry, 7),
    verifyUntil: moment(entry, 8),
  };
}
