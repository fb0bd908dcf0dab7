/**
 * Consent, item by item: what a purpose asks for, and what the holder decided.
 *
 * Only `approve` makes a `Decision`, and nothing is signed without one. A decision is about one licence, one edition, one
 * purpose and one audience. What needs a consent of its own (`separate`) is never let out unasked.
 */

import { sha256 } from "@noble/hashes/sha2.js";

import { concat, toHex } from "./bytes.ts";
import { absenceIsStated, type Item } from "./catalogue.ts";
import type { PurposeItems } from "./directory.ts";
import { clearKeys, type HeldLicence } from "./heldLicence.ts";
import { audienceOf, PURPOSES, type Purpose, purposeNumber } from "./purposes.ts";
import { WalletError } from "./walletError.ts";

export class Decision {
  private constructor(
    readonly licenceId: string,
    readonly edition: string,
    readonly purpose: Purpose,
    readonly audience: string,
    readonly items: readonly number[],
  ) {}

  /** @internal Only a consent request makes one. */
  static of(licence: HeldLicence, purpose: Purpose, audience: string, items: readonly number[]): Decision {
    return new Decision(licence.id, editionOf(licence), purpose, audience, items);
  }
}

export interface ConsentRequest {
  readonly licence: HeldLicence;
  readonly purpose: Purpose;
  /** Items that the purpose cannot do without. */
  readonly mandatory: readonly Item[];
  /** Items that it may ask for besides. */
  readonly optional: readonly Item[];
  /** Those of both that need a consent of their own (PIPL art. 29): ask for each apart, with nothing chosen before. */
  readonly separate: readonly Item[];
  /** Items that stand clear in the licence and cannot be withheld. */
  readonly alwaysShown: readonly Item[];
  /** Mandatory items that this licence does not have; the verifier will notice. */
  readonly missing: readonly Item[];
  /** The `lic` keys that may be let out: those of the purpose, or fewer that a terminal asks for. */
  readonly asked: PurposeItems;
  /** What is let out if the holder names nothing: never an item that needs a consent of its own. */
  readonly proposed: readonly Item[];
  /** The holder's decision: exactly these items by name; none named: the proposed ones. */
  approve(names?: readonly string[]): Decision;
}

/** Changes whenever the issuer's statement does. */
export function editionOf(licence: HeldLicence): string {
  const statements = licence.credentials.map(({ issued: { sign1 } }) => concat(sign1.payload, sign1.signature));
  return toHex(sha256(concat(...statements))).slice(0, 16);
}

export function request(licence: HeldLicence, purpose: Purpose): ConsentRequest {
  const asked = licence.directory.maximum(licence.kind.vct, purpose);
  if (asked === null) throw new WalletError("PURPOSE_NOT_OFFERED", offered(licence));
  checkScope(licence, purpose);
  return sheetOf(licence, purpose, asked);
}

function checkScope(licence: HeldLicence, purpose: Purpose): void {
  const { mandate } = licence.credentials[0].issued.claims;
  if (mandate !== null && !mandate.purposes.includes(purposeNumber(purpose)))
    throw new WalletError("MANDATE_SCOPE", purpose);
}

/** What to ask the holder where exactly these items are asked for. */
export function sheetOf(
  licence: HeldLicence,
  purpose: Purpose,
  asked: PurposeItems,
  audience: string = audienceOf(purpose),
): ConsentRequest {
  const [flexible] = licence.credentials;
  const clear = clearKeys(flexible);
  const held = licence.kind.items.filter((item) => flexible.items.has(item.key));
  const separate = held.filter((item) => asked.separate.includes(item.key) && !clear.includes(item.key));
  const mandatory = held.filter((item) => asked.mandatory.includes(item.key));
  const optional = held.filter(
    ({ key }) => asked.optional.includes(key) && !asked.mandatory.includes(key) && !clear.includes(key),
  );
  const alwaysShown = held.filter(({ key }) => clear.includes(key) && !asked.mandatory.includes(key));
  const stated = absenceIsStated(licence.kind);
  const missing = licence.kind.items.filter(
    ({ key }) => asked.mandatory.includes(key) && !flexible.items.has(key) && !stated.includes(key),
  );
  const proposed = mandatory.filter((item) => !separate.includes(item));
  return {
    licence,
    purpose,
    mandatory,
    optional,
    separate,
    alwaysShown,
    missing,
    asked,
    proposed,
    approve: (names = proposed.map((item) => item.name)) => {
      const choice = [...mandatory, ...optional, ...alwaysShown];
      const keys = names.map((name) => {
        const item = choice.find((each) => each.name === name);
        if (item === undefined)
          throw new WalletError(held.some((each) => each.name === name) ? "ITEM_BEYOND_PURPOSE" : "ITEM_UNKNOWN", name);
        return item.key;
      });
      return Decision.of(licence, purpose, audience, keys);
    },
  };
}

/** The `lic` keys that may be let out: the one gate in front of every signature. */
export function check(
  decision: Decision,
  licence: HeldLicence,
  { purpose, audience }: { readonly purpose: Purpose; readonly audience: string },
): ReadonlySet<number> {
  // Callers without a type checker pass anything; only a decision opens the door.
  if (!(decision instanceof Decision)) throw new WalletError("CONSENT_MISSING");
  if (decision.licenceId !== licence.id) throw new WalletError("CONSENT_MISMATCH", "another licence");
  if (decision.purpose !== purpose) throw new WalletError("CONSENT_MISMATCH", "another purpose");
  if (decision.audience !== audience) throw new WalletError("CONSENT_MISMATCH", "another audience");
  if (decision.edition !== editionOf(licence)) throw new WalletError("CONSENT_MISMATCH", "received anew since");
  checkScope(licence, purpose);
  return new Set(decision.items);
}

function offered(licence: HeldLicence): string {
  const purposes = PURPOSES.filter((each) => licence.directory.maximum(licence.kind.vct, each) !== null);
  return `${licence.kind.slug} is shown for: ${purposes.join(", ") || "nothing yet"}`;
}
