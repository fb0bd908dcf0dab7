/** How a licence is written for its holder: whose it is, what its items say. */

import type { HeldLicence } from "../src/heldLicence.ts";
import type { CardItem } from "../src/wallet.ts";
import { isBytes, type Value } from "../src/cbor.ts";
import { toHex } from "../src/bytes.ts";
import { type Purpose, PURPOSES, purposeNumber } from "../src/purposes.ts";

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
