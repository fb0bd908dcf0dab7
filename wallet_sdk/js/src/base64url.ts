/** Base64url without padding (RFC 4648 section 5): mini-programs have neither btoa nor atob. */

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

export function base64url(content: Uint8Array): string {
  let text = "";
  for (let at = 0; at < content.length; at += 3) {
    const bits = (content[at]! << 16) | ((content[at + 1] ?? 0) << 8) | (content[at + 2] ?? 0);
    const characters = Math.min(content.length - at, 3) + 1;
    for (let each = 0; each < characters; each++) text += ALPHABET[(bits >> (18 - 6 * each)) & 63];
  }
  return text;
}

/** The bytes of a text, with padding or without; null if it is none. */
export function fromBase64url(text: string): Uint8Array | null {
  const written = text.replace(/={1,2}$/, "");
  if (written.length % 4 === 1) return null;
  const content = new Uint8Array(Math.floor((written.length * 3) / 4));
  let [bits, held, at] = [0, 0, 0];
  for (const character of written) {
    const value = ALPHABET.indexOf(character);
    if (value < 0) return null;
    bits = ((bits << 6) | value) & 0xffff;
    held += 6;
    if (held >= 8) content[at++] = (bits >> (held -= 8)) & 0xff;
  }
  return content;
}
