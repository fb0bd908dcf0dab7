/** Which credential and which disclosures show what was agreed to, and as little else as there is. */

import type { PurposeItems } from "./directory.ts";
import { clearKeys, type HeldCredential, type HeldLicence, shownBy } from "./heldLicence.ts";
import { WalletError } from "./walletError.ts";

export interface Selection {
  readonly credential: HeldCredential;
  readonly disclosures: readonly Uint8Array[];
  readonly shown: ReadonlySet<number>;
}

export function select(licence: HeldLicence, wanted: ReadonlySet<number>, asked: PurposeItems): Selection {
  const [flexible] = licence.credentials;
  const clear = clearKeys(flexible);
  for (const key of wanted) {
    if (!flexible.items.has(key)) throw new WalletError("ITEM_UNKNOWN", `lic key ${key}`);
    if (!clear.includes(key) && !asked.mandatory.includes(key) && !asked.optional.includes(key))
      throw new WalletError("ITEM_BEYOND_PURPOSE", `lic key ${key}`);
  }
  // Mandatory items that stand clear cannot be withheld, so a view without them would be no equal of the flexible one.
  const needed = new Set([...wanted, ...clear.filter((key) => asked.mandatory.includes(key))]);
  const fitting = licence.credentials
    .filter((each) => [...needed].every((key) => each.items.has(key)))
    .map((each) => from(each, needed))
    .filter((each) => [...each.shown].every((key) => needed.has(key) || clear.includes(key)));
  if (fitting.length === 0) throw new WalletError("ITEMS_INSEPARABLE");
  return fitting.reduce((best, each) => (weight(each) < weight(best) ? each : best));
}

function from(credential: HeldCredential, needed: ReadonlySet<number>): Selection {
  const chosen = new Set([...needed].flatMap((key) => credential.items.get(key)!.needs));
  // In the issuer's order, so that the choice is told by which stand there and by nothing else.
  const disclosures = credential.disclosures.filter((each) => chosen.has(each.hash)).map((each) => each.encoded);
  return { credential, disclosures, shown: shownBy(credential, chosen) };
}

function weight({ credential, disclosures }: Selection): number {
  const { payload, protectedBytes } = credential.issued.sign1;
  return payload.length + protectedBytes.length + disclosures.reduce((sum, each) => sum + each.length, 0);
}
