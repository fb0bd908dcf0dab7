/**
 * Step 10, the moments: the presentation's window, technical and legal dates, and whether the clock can refuse by them.
 *
 * Refuse on evidence, hold on ignorance: where the clock here may be what is wrong, the finding is W_CLOCK.
 */

import type { Claims } from "../src/credential.ts";
import type { KeyBinding } from "../src/presentation.ts";
import { endOfLocalDay, isDay, localMidnight } from "../src/time.ts";
import type { Clock } from "./context.ts";
import { CLOCK_UNCERTAINTY, finding } from "./gates.ts";
import { type Items, LIC } from "./items.ts";
import { type Finding, TIER } from "./verdict.ts";

export const CLOCK_SKEW = 30;
export const CHALLENGED_SKEW = 600;
const MAX_LIFE = 120;
const NEAR_EXPIRY = 30 * 86_400;
export const CLOCK_MAY_BE_WRONG: Finding = { code: "W_CLOCK", tier: TIER.hold };

/** The reading, not plausible any more if it stands before a signed moment that is held. */
export function againstSignedMoments(clock: Clock, newest: number): Clock {
  return clock.at + clock.uncertainty + CLOCK_SKEW < newest ? { ...clock, plausible: false } : clock;
}

/** Whether the clock is good enough to refuse by a date. */
export function isTrusted(clock: Clock): boolean {
  return clock.plausible && clock.uncertainty <= CLOCK_UNCERTAINTY;
}

/** exp ≤ iat + 120 s; iat ≤ now + 30 s; now ≤ exp + 30 s; ten minutes where a nonce was to tell freshness. */
export function presentationWindow(shown: KeyBinding, clock: Clock): readonly Finding[] {
  const findings: Finding[] = [];
  if (shown.exp - shown.iat > MAX_LIFE) findings.push(finding("E_KBT_LIFE"));
  const skew = shown.cnonce === null ? CLOCK_SKEW : CHALLENGED_SKEW;
  for (const [apart, code] of [[clock.at - shown.exp, "E_KBT_STALE"], [shown.iat - clock.at, "E_KBT_FUTURE"]] as const) {
    if (apart > skew) {
      if (isBeyondDoubt(apart - skew, clock)) findings.push(finding(code));
      else if (shown.cnonce === null || !clock.plausible) findings.push(CLOCK_MAY_BE_WRONG);
    } else if (apart > CLOCK_SKEW && isTrusted(clock)) findings.push(finding("W_PHONE_CLOCK"));
  }
  return findings;
}

/** nbf ≤ now < exp of the credential. The honest holder only has to refresh the wallet: a hold, never red. */
export function technicalDates(issued: Claims, clock: Clock): readonly Finding[] {
  const findings: Finding[] = [];
  if (clock.at < issued.nbf) findings.push(finding("W_CRED_NOT_YET"));
  if (clock.at >= issued.exp) findings.push(finding("W_CRED_EXPIRED"));
  return findings;
}

/** `lic` 6 and 7 where disclosed: local days; the last one ends at the midnight that follows it. */
export function legalDates(items: Items, clock: Clock): readonly Finding[] {
  const [begin, last] = [items.get(LIC.validFrom), items.get(LIC.validTo)];
  if ((begin !== undefined && !isDay(begin)) || (last !== undefined && !isDay(last))) return [finding("E_SCHEMA")];
  const findings: Finding[] = [];
  const says = (code: string) => findings.push(isTrusted(clock) ? finding(code) : CLOCK_MAY_BE_WRONG);
  if (begin !== undefined && clock.at < localMidnight(begin)) says("E_LIC_NOT_YET");
  const left = last === undefined ? null : endOfLocalDay(last) - clock.at;
  if (left !== null && left <= 0) says("E_LIC_EXPIRED");
  else if (left !== null && left <= NEAR_EXPIRY) findings.push(finding("W_NEAR_EXPIRY"));
  return findings;
}

/** Never negative: a document from the future is the clock's fault, and the clock has its own finding. */
export function ageOf(at: number, since: number): number {
  return Math.max(0, at - since);
}

function isBeyondDoubt(secondsOutside: number, clock: Clock): boolean {
  return isTrusted(clock) || (clock.plausible && secondsOutside > clock.uncertainty);
}
