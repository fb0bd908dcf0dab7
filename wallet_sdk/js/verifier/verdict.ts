/** The verdict: what the verifier says, and what it rests on; the same words as `verifier_terminal/appraisal/verdict.py`. */

import type { Value } from "../src/cbor.ts";
import type { Purpose } from "../src/purposes.ts";

export type VerdictClass = "accept" | "check" | "refuse" | "not_read";
/** May the act go on? "no" with "check" is a hold: evidence is missing, and nobody is at fault. */
export type Proceed = "yes" | "after_check" | "no";

/** AR4SI trust tiers; the worst of the findings wins, and information never changes the class. */
export const TIER = { information: 0, affirming: 1, warning: 2, hold: 3, contraindicated: 4, none: 5 } as const;
export type Tier = (typeof TIER)[keyof typeof TIER];

export interface Finding {
  readonly code: string;
  readonly tier: Tier;
}

export const FACTS = ["issuer_signature", "holder_key", "disclosures", "validity_dates", "status"] as const;
export type Fact = (typeof FACTS)[number];

/** Seconds since each was signed; null where there is none. */
export interface Ages {
  readonly trust: number | null;
  readonly status: number | null;
  readonly policy: number | null;
}

/** What may be said of the licence; `claims` are null where a verdict shows no items. */
export interface Licence {
  readonly vct: number;
  readonly region: string;
  readonly authority: string;
  readonly validTo: number | null;
  /** By `lic` key; masked ones are masked already, and null where nothing of one may be shown. */
  readonly claims: ReadonlyMap<number, Value> | null;
  readonly hiddenItems: number;
  readonly mandate: { readonly level: number; readonly until: number } | null;
}

export interface Verdict {
  readonly class: VerdictClass;
  readonly proceed: Proceed;
  readonly established: readonly Fact[];
  /** Ranked: the first is the most useful one to show. */
  readonly findings: readonly Finding[];
  readonly licence: Licence | null;
  readonly purpose: Purpose;
  readonly personCheck: boolean;
  readonly ages: Ages;
  /** SHA-256 of what the holder signed; set where there is a licence. */
  readonly replayKey: Uint8Array | null;
  /** Until when that is to be remembered; set where this verdict uses the presentation up. */
  readonly burnUntil: number | null;
  /** Of a bundle, each presentation's own verdict; it has no licence and no replay key of its own. */
  readonly members: readonly Verdict[];
}
