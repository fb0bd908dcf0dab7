/** Claims that several objects share: moments and texts. */

import { utf8 } from "./bytes.ts";
import type { CborMap, Value } from "./cbor.ts";
import { refuse } from "./protocolError.ts";

export const MAX_TIME = 253_402_271_999;
const HOSTILE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/u;
const NONCHARACTER = /[\uFDD0-\uFDEF\p{Noncharacter_Code_Point}]/u;

export function moment(claims: CborMap, label: number): number {
  const at = claims.get(label);
  if (typeof at !== "number" || at < 0 || at > MAX_TIME) refuse("E_TIME_TYPE", `claim ${label} is no moment`);
  return at;
}

/** Whether a text shows what it says: NFC, no control, format (bidi, zero-width), private or line-break characters. */
export function isHarmless(text: string): boolean {
  return text.normalize("NFC") === text && !HOSTILE.test(text) && !NONCHARACTER.test(text);
}

export function text(claims: CborMap, label: number, maxBytes: number): string {
  const value = claims.get(label);
  if (!isText(value, maxBytes)) refuse("E_SCHEMA", `claim ${label} is no text of 1 to ${maxBytes} bytes`);
  return value;
}

export function isText(value: Value | undefined, maxBytes: number): value is string {
  if (typeof value !== "string" || value === "") return false;
  const content = utf8(value);
  return content !== null && content.length <= maxBytes && isHarmless(value);
}
