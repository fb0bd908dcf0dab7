/** How a licence is written for its holder: whose it is, what its items say. */

import type { HeldLicence } from "../src/heldLicence.ts";
import type { CardItem } from "../src/wallet.ts";
import { isBytes, type Value } from "../src/cbor.ts";
import { toHex } from "../src/bytes.ts";
import { type Purpose, PURPOSES, purposeNumber } from "../src/purposes.ts";

const USCC = 12;
const LEGAL_PERSON = 2;

export type Profile = "personal" | "legalPerson" | "family";
export const PROFILES: readonly Profile[] = ["personal", "legalPerson", "family"];

/** Whose it is, as the issuer says; where it does not say, a company is known by its credit code. */
export function profileOf(licence: HeldLicence): Profile {
  const [{ issued, items }] = licence.credentials;
  const { holderKind, mandate } = issued.claims;
  if (holderKind === LEGAL_PERSON || (holderKind === null && items.has(USCC))) return "legalPerson";
  return mandate === null ? "personal" : "family";
}

export function purposesOf(licence: HeldLicence): readonly Purpose[] {
  const { mandate } = licence.credentials[0].issued.claims;
  return PURPOSES.filter(
    (each) =>
      licence.directory.maximum(licence.kind.vct, each) !== null &&
      (mandate === null || mandate.purposes.includes(purposeNumber(each))),
  );
}

export function written(licence: HeldLicence, { key, value }: CardItem): string {
  const isDate = licence.kind.items.find((item) => item.key === key)?.type === "date";
  return isDate ? dayText(value) : isBytes(value) ? `${toHex(value).slice(0, 16)}…` : String(value);
}

function dayText(value: Value): string {
  return String(value).replace(/^(\d{4})(\d\d)(\d\d)$/, "$1-$2-$3");
}

/** A fingerprint in groups that people can compare. */
export function grouped(fingerprint: string): string {
  return fingerprint.match(/.{1,4}/g)!.join(" ");
}
