/** How a licence is written for its holder: whose it is, what its items say, by which words it is found. */

import type { HeldLicence } from "../src/heldLicence.ts";
import type { CardItem, Wallet } from "../src/wallet.ts";
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

/** Whether every word stands somewhere: in its kind in any language, its issuer, its group, its items. */
export function isFound(wallet: Wallet, licence: HeldLicence, search: string): boolean {
  const { kind, group, credentials: [{ issued }] } = licence; // prettier-ignore
  const items = wallet.items(licence).map((item) => written(licence, item));
  const text = folded([...Object.values(kind.names), issued.claims.iss, group ?? "", ...items].join("\n"));
  return folded(search)
    .split(/\s+/)
    .every((word) => text.includes(word));
}

/** Full-width letters and capitals are what some keyboards give. */
function folded(text: string): string {
  return text.normalize("NFKC").toLowerCase();
}

function dayText(value: Value): string {
  return String(value).replace(/^(\d{4})(\d\d)(\d\d)$/, "$1-$2-$3");
}

/** A fingerprint in groups that people can compare. */
export function grouped(fingerprint: string): string {
  return fingerprint.match(/.{1,4}/g)!.join(" ");
}
