/** Verdicts that say nothing of a licence, and what every verdict says of ages. */

import { ProtocolError } from "../src/protocolError.ts";
import type { Context, Face } from "./context.ts";
import { decide, rank } from "./gates.ts";
import { ageOf } from "./validity.ts";
import { type Ages, type Fact, type Finding, TIER, type Verdict } from "./verdict.ts";

/** The verdict of an appraisal that came to no presentation. */
export function ended(findings: readonly Finding[], context: Context, ages: Ages, established: readonly Fact[] = []): Verdict {
  const ranked = rank(findings);
  const [verdictClass, proceed] = decide(ranked, false);
  if (proceed !== "no") throw new Error("an appraisal that came to no presentation lets the act go on");
  const { purpose } = context.face;
  const nothing = { licence: null, personCheck: false, replayKey: null, burnUntil: null, members: [] };
  return { class: verdictClass, proceed, established, findings: ranked, purpose, ages, ...nothing };
}

/** The verdict on a fault of this program: not read, never red, never accepted. */
export function broken({ face }: { readonly face: Pick<Face, "purpose"> }): Verdict {
  const ages = { trust: null, status: null, policy: null };
  const nothing = { licence: null, personCheck: false, replayKey: null, burnUntil: null, members: [] };
  const findings = [{ code: "E_INTERNAL", tier: TIER.none }];
  return { class: "not_read", proceed: "no", established: [], findings, purpose: face.purpose, ages, ...nothing };
}

export function agesOf({ knowledge, clock }: Context, statusAsOf: number | null): Ages {
  return {
    trust: knowledge === null ? null : ageOf(clock.at, knowledge.trust.iat),
    status: statusAsOf === null ? null : ageOf(clock.at, statusAsOf),
    policy: knowledge === null ? null : ageOf(clock.at, knowledge.policy.iat),
  };
}

/** The reason of a refusal; whatever else was thrown is a fault of this program. */
export function codeOf(error: unknown): string {
  if (error instanceof ProtocolError) return error.code;
  throw error;
}
