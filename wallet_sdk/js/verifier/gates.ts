/**
 * What each reason does to a verdict: built-in classes, the default matrix, and which finding is shown first.
 *
 * The tables are those of docs/verification.md and `verifier_terminal/appraisal/gates.py`; a test compares every row.
 */

import type { Purpose } from "../src/purposes.ts";
import type { Face, Risk } from "./context.ts";
import { type Finding, type Proceed, TIER, type Tier, type VerdictClass } from "./verdict.ts";

/** Of this verifier alone: a code of ours that it does not read, so that a terminal has to. */
export const NOT_HERE = "V_FORM";

const NOT_READ = ["E_PREFIX", "E_SIZE", "E_B45", "E_CBOR", "E_INTERNAL", NOT_HERE];
const HOLD = [
  "W_CRED_EXPIRED", "W_CRED_NOT_YET", "W_CLAIM_MISSING", "W_SUPERSEDED", "W_STATUS_MISSING", "W_TRUST_MISSING",
  "W_ISSUER_BANNED", "W_POLICY_MISSING", "W_ASSURANCE", "W_HOLDERS_MISSING",
];
const GRADED = [
  "W_STATUS_STALE", "W_TRUST_STALE", "W_CLOCK", "W_REGION", "W_GUARDIAN", "W_AGE_UNKNOWN", "W_BUNDLE_UNLINKED", "W_STATIC",
];
const INFORMATION = ["W_OPEN_MODE", "W_NEAR_EXPIRY", "W_PHONE_CLOCK", "W_ID_CHECK_LEGACY", "W_PERSON_CHECK"];

/** The tier that a code has by itself; null where it depends on place, risk and age. Unknown warnings never pass. */
export function builtIn(code: string): Tier | null {
  if (NOT_READ.includes(code)) return TIER.none;
  if (HOLD.includes(code)) return TIER.hold;
  if (GRADED.includes(code)) return null;
  if (INFORMATION.includes(code)) return TIER.information;
  return TIER.contraindicated;
}

/** The finding of a code whose tier is fixed. */
export function finding(code: string): Finding {
  const tier = builtIn(code);
  if (tier === null) throw new Error(`the tier of ${code} depends on place and age`);
  return { code, tier };
}

// One row of the matrix: fresh, recent, ≤ 24 h, ≤ 72 h, ≤ 7 d, unknown. A accept, C check, H hold.
const STRICTEST: Readonly<Record<Risk, string>> = { L: "AAACHH", M: "AAHHHH", G: "AAHHHH", X: "AHHHHH" };
const MATRIX: Readonly<Record<string, string>> = {
  "L window": "AAAACC",
  "M window": "AAACCC",
  "G window": "AAACCH",
  "G roadside": "AAACCC",
  "G hotel": "AAACHH",
  "G airport": "AAACHH",
  "X window": "ACHHHH",
};
const FACE_COMPARED = ["G window", "G roadside"];
const ATTENDED = ["G hotel", "G airport"];
const CELLS: Readonly<Record<string, Tier>> = { A: TIER.affirming, C: TIER.warning, H: TIER.hold };
const UNKNOWN = 5;
const [MINUTE, HOUR, DAY] = [60, 3_600, 86_400] as const;
const GRADES = [5 * MINUTE, HOUR, DAY, 3 * DAY, 7 * DAY] as const;

const KIOSK_ASSURANCE: Readonly<Record<Risk, number>> = { L: 0, M: 0, G: 2, X: 3 };
export const CLOCK_UNCERTAINTY = 20;
const [TRUST_LATE, TRUST_DEAD] = [14 * DAY, 30 * DAY] as const;

/** Columns of the matrix: 0 fresh … 5 unknown. */
export function grade(age: number | null): number {
  if (age === null) return UNKNOWN;
  const found = GRADES.findIndex((oldest) => age <= oldest);
  return found < 0 ? UNKNOWN : found;
}

function cells(risk: Risk, face: Face): string {
  const key = `${risk} ${face.purpose}`;
  if ((FACE_COMPARED.includes(key) && !face.faceCompared) || (ATTENDED.includes(key) && !face.attended))
    return STRICTEST[risk];
  return MATRIX[key] ?? STRICTEST[risk];
}

/** At an unattended point nobody can check, so that "check" becomes "hold". */
export function whereNobodyAttends(tier: Tier, face: Face): Tier {
  return tier === TIER.warning && !face.attended ? TIER.hold : tier;
}

/** What is wrong and only a person could judge: a warning, or a hold where nobody is. */
export function doubtful(face: Face): Tier {
  return whereNobodyAttends(TIER.warning, face);
}

/** What "valid, as of this long ago" is worth. */
export function statusTier(
  risk: Risk,
  face: Face,
  { age, isForeign, maxAge }: { age: number; isForeign: boolean; maxAge: number | null },
): Tier {
  const column = maxAge !== null && age > maxAge ? UNKNOWN : Math.min(grade(age) + (isForeign ? 1 : 0), UNKNOWN);
  return whereNobodyAttends(CELLS[cells(risk, face)[column]!]!, face);
}

/** What a trust list this long past its exp is worth. */
export function trustTier(lateBy: number, face: Face): Tier {
  if (lateBy > TRUST_DEAD) return TIER.hold;
  return lateBy > TRUST_LATE ? doubtful(face) : TIER.affirming;
}

export function challengeRequired(risk: Risk, face: Face): boolean {
  return risk !== "L" && isLikeAKiosk(face);
}

/** `isComparable` is false where nobody could compare the person who stands there with anything signed. */
export function assuranceSuffices(
  risk: Risk,
  face: Face,
  assurance: number,
  policyMinimum: number,
  isComparable: boolean,
): boolean {
  const least = isComparable && !isLikeAKiosk(face) ? 0 : KIOSK_ASSURANCE[risk];
  return assurance >= Math.max(least, policyMinimum);
}

function isLikeAKiosk(face: Face): boolean {
  return face.purpose === ("kiosk" satisfies Purpose) || !face.attended;
}

/** The class and whether the act may go on: the worst finding wins; a person check delays, and never improves. */
export function decide(findings: readonly Finding[], personCheck: boolean): readonly [VerdictClass, Proceed] {
  const worst = Math.max(TIER.information, ...findings.map((each) => each.tier));
  if (worst <= TIER.affirming) return ["accept", personCheck ? "after_check" : "yes"];
  if (worst === TIER.warning) return ["check", "after_check"];
  if (worst === TIER.hold) return ["check", "no"];
  return [worst === TIER.contraindicated ? "refuse" : "not_read", "no"];
}

/** First what no new code can heal, then what one heals, then what the citizen can mend, then what the operator can. */
const USEFULNESS = [
  "E_REVOKED", "E_SUSPENDED", "E_DEVICE_LOST", "E_LIC_EXPIRED", "E_LIC_NOT_YET", "E_MANDATE_REVOKED", "E_MANDATE_EXPIRED",
  "E_MANDATE_SCOPE", "E_REPLAY", "E_AUD", "E_CNONCE", "E_SEAL_OPEN", "E_CHALLENGE_REQUIRED", "E_SEAL_REQUIRED",
  "E_KBT_STALE", "E_KBT_FUTURE", "E_KBT_LIFE", "E_TIME_ORDER", "W_SUPERSEDED", "W_ISSUER_BANNED", "W_CRED_EXPIRED",
  "W_CRED_NOT_YET", "W_CLAIM_MISSING", "W_HOLDERS_MISSING", "W_GUARDIAN", "W_AGE_UNKNOWN", "W_ASSURANCE", "W_REGION",
  "W_BUNDLE_UNLINKED", "W_STATIC", "W_CLOCK", "W_TRUST_MISSING", "W_TRUST_STALE", "W_POLICY_MISSING", "W_STATUS_MISSING",
  "W_STATUS_STALE", "W_PERSON_CHECK", "W_NEAR_EXPIRY", "W_PHONE_CLOCK", "W_ID_CHECK_LEGACY", "W_OPEN_MODE",
];

/** Each code once with its worst tier; the worst first, among equals the most useful one to show. */
export function rank(findings: readonly Finding[]): readonly Finding[] {
  const worst = new Map<string, Finding>();
  for (const each of findings) if (each.tier >= (worst.get(each.code)?.tier ?? 0)) worst.set(each.code, each);
  const place = ({ code }: Finding) => USEFULNESS.indexOf(code);
  return [...worst.values()].sort(
    (a, b) => b.tier - a.tier || place(a) - place(b) || (a.code < b.code ? -1 : a.code > b.code ? 1 : 0),
  );
}
