/** Base45 (RFC 9285), strict: one text for each byte string, one byte string for each text. Nothing is trimmed. */

import { refuse } from "./protocolError.ts";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

export function encode(content: Uint8Array): string {
  let text = "";
  for (let at = 0; at < content.length; at += 2) {
    const isLast = at + 1 === content.length;
    let group = isLast ? content[at]! : content[at]! * 256 + content[at + 1]!;
    for (let digits = isLast ? 2 : 3; digits > 0; digits--) {
      text += ALPHABET[group % 45];
      group = Math.floor(group / 45);
    }
  }
  return text;
}

export function decode(text: string): Uint8Array {
  const digits = Array.from(text, (character) => ALPHABET.indexOf(character));
  if (digits.includes(-1)) refuse("E_B45", "a character outside the alphabet");
  if (digits.length % 3 === 1) refuse("E_B45", "a length that no byte string has");
  const content: number[] = [];
  for (let at = 0; at < digits.length; at += 3) {
    const isShort = at + 2 === digits.length;
    const group = digits[at]! + 45 * digits[at + 1]! + (isShort ? 0 : 2025 * digits[at + 2]!);
    if (group > (isShort ? 0xff : 0xffff)) refuse("E_B45", "a group beyond its bits");
    if (!isShort) content.push(group >> 8);
    content.push(group & 0xff);
  }
  return Uint8Array.from(content);
}
