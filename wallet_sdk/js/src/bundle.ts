/** A bundle (docs/spec/bundle.md): two to four presentations in one code, for one audience. */

import { concat, equal, toHex } from "./bytes.ts";
import { decode, head, isArray } from "./cbor.ts";
import { sigStructure } from "./coseSign1.ts";
import { parseStructure, type Presentation, type UnverifiedPresentation } from "./presentation.ts";
import { refuse } from "./protocolError.ts";

const MAX_BYTES = 8_192;
export const MAX_MEMBERS = 4;
export type Link = "citizen_id" | "uscc" | "none";
/** The item that links, and the kind of holder for whom that item is another's. */
export const LINKS = [["citizen_id", 3, 2], ["uscc", 4, 1]] as const;

/** The members' own bytes one after another: a member is never decoded and encoded again. */
export function compose(presentations: readonly Uint8Array[]): Uint8Array {
  const encoded = concat(head(4, presentations.length), ...presentations);
  parse(encoded);
  return encoded;
}

export function parse(encoded: Uint8Array): readonly UnverifiedPresentation[] {
  if (encoded.length > MAX_BYTES) refuse("E_SIZE", `a bundle of ${encoded.length} bytes`);
  const members = decode(encoded);
  if (!isArray(members) || members.length < 2 || members.length > MAX_MEMBERS)
    refuse("E_SHAPE", "a bundle is an array of two to four presentations");
  const presentations = members.map(parseStructure);
  const first = presentations[0]!.keyBinding;
  if (presentations.some((each) => each.keyBinding.aud !== first.aud)) refuse("E_AUD", "different audiences");
  if (presentations.some(({ keyBinding: { cnonce } }) => !sameNonce(cnonce, first.cnonce)))
    refuse("E_CNONCE", "answers to different challenges");
  const signed = presentations.map(({ sign1 }) => toHex(sigStructure(sign1.protectedBytes, sign1.payload)));
  if (new Set(signed).size !== signed.length) refuse("E_SHAPE", "a bundle has the same presentation twice");
  return presentations;
}

/** By which identifier, signed by each issuer, shown and equal, verified presentations are one holder's. */
export function link(presentations: readonly Presentation[]): Link {
  if (new Set(presentations.map((each) => each.credential.mandate !== null)).size !== 1) return "none";
  for (const [name, key, foreignKind] of LINKS) {
    const identifiers = presentations.map(({ credential, items }) => {
      const value = items.get(key);
      return credential.holderKind !== foreignKind && typeof value === "string" && value !== "" ? value : null;
    });
    if (identifiers.every((each) => each !== null) && new Set(identifiers).size === 1) return name;
  }
  return "none";
}

function sameNonce(one: Uint8Array | null, other: Uint8Array | null): boolean {
  return one === null || other === null ? one === other : equal(one, other);
}
