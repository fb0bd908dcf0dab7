/** The short code (docs/spec/challenge.md): ten characters of Crockford's base32, typed where no camera reads. */

import { refuse } from "./protocolError.ts";

const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const [SITE_CHARACTERS, CHARACTERS] = [4, 10];

export interface ShortCode {
  /** The four characters by which the signed site list names the place. */
  readonly site: string;
  /** The nonce as 4 bytes, big-endian. */
  readonly cnonce: Uint8Array;
}

/** Either case, hyphens anywhere, O for 0, I and L for 1, and nothing else. */
export function decode(typed: string): ShortCode {
  if ([...typed].length > 2 * CHARACTERS) refuse("E_SHAPE", "longer than any short code");
  const values = [...typed.replace(/-/g, "")].map(valueOf);
  if (values.length !== CHARACTERS || values.includes(-1)) refuse("E_SHAPE", "not ten characters of the alphabet");
  const nonce = values.slice(SITE_CHARACTERS).reduce((sum, value) => sum * 32 + value, 0);
  return {
    site: values.slice(0, SITE_CHARACTERS).map((value) => ALPHABET[value]).join(""),
    cnonce: Uint8Array.of(nonce >>> 24, (nonce >>> 16) & 255, (nonce >>> 8) & 255, nonce & 255),
  }; // prettier-ignore
}

/** Looked up and never upper-cased: other scripts have letters whose upper case is one of ours. */
function valueOf(character: string): number {
  if (/^[Oo]$/.test(character)) return 0;
  if (/^[IiLl]$/.test(character)) return 1;
  return /^[0-9A-Za-z]$/.test(character) ? ALPHABET.indexOf(character.toUpperCase()) : -1;
}
