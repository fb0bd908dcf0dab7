/** What a licence is shown for; the letter stands in aud (`lz:w`), the word in commands and texts. */

const LETTERS = { window: "w", kiosk: "k", roadside: "p", gate: "g", hotel: "h", airport: "a" } as const;

export type Purpose = keyof typeof LETTERS;
export const PURPOSES = Object.keys(LETTERS) as readonly Purpose[];

export function purposeNumber(purpose: Purpose): number {
  return LETTERS[purpose].charCodeAt(0);
}

export function purposeOf(number: unknown): Purpose | null {
  return PURPOSES.find((purpose) => purposeNumber(purpose) === number) ?? null;
}

export function isPurpose(number: unknown): boolean {
  return purposeOf(number) !== null;
}

export function audienceOf(purpose: Purpose): string {
  return `lz:${LETTERS[purpose]}`;
}
