/** The text of a code: four characters that say what it is, then base45. The prefix is exact; nothing is trimmed. */

import * as base45 from "./base45.ts";
import { refuse } from "./protocolError.ts";

export const PRESENTATION = "LZ1:";
export const BUNDLE = "LB1:";
export const SEALED = "LE1:";
export const CHALLENGE = "LC1:";
export const ANIMATED = "LP1:";
const MAX_CODE_BYTES = 1_232;
const MAX_TEXT_CHARACTERS = 2_000;

export function wrap(content: Uint8Array, prefix: string): string {
  if (content.length > MAX_CODE_BYTES) refuse("E_SIZE", `${content.length} bytes do not fit one code`);
  return prefix + base45.encode(content);
}

export function unwrap(text: string, prefix: string): Uint8Array {
  if (!text.startsWith(prefix)) refuse("E_PREFIX", "not a code of this kind");
  // As elsewhere in characters and not in JavaScript's units: a code has none outside ASCII.
  if ([...text].length > MAX_TEXT_CHARACTERS) refuse("E_SIZE", "longer than any code");
  return base45.decode(text.slice(prefix.length));
}
