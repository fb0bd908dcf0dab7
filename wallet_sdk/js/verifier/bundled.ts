/**
 * Several licences of one act: each presentation by itself, and what follows from showing them together.
 *
 * The act is worth no more than the worst of its members. No member's items or acceptance stands for another's.
 */

import { link } from "../src/bundle.ts";
import type { Presentation, UnverifiedPresentation } from "../src/presentation.ts";
import { conclude } from "./conclude.ts";
import type { Context, Knowledge } from "./context.ts";
import { decide, doubtful, rank } from "./gates.ts";
import { LIC } from "./items.ts";
import { rowFor } from "./policy.ts";
import { type Ages, FACTS, type Finding, type Verdict } from "./verdict.ts";
import { isVerified, verify } from "./verified.ts";

/** The items that name a holder, each with the kind of holder for whom it is another's (protocol/qr/bundle.py). */
const IDENTIFIERS = [[LIC.citizenId, 2], [LIC.uscc, 1]] as const;
const LICENCE_NUMBERS = [LIC.identifier, LIC.licenceNo];

/** Steps 5 to 14 of each member, and the verdict on the act. */
export async function appraiseMembers(
  members: readonly UnverifiedPresentation[],
  context: Context,
  knowledge: Knowledge,
  ages: Ages,
): Promise<Verdict> {
  const checked = await Promise.all(members.map((each) => verify(each, context, knowledge, ages)));
  const shown = checked.filter(isVerified).map((each) => each.presentation);
  const verdicts = checked.map((each) =>
    isVerified(each) ? conclude(each, context, knowledge, Math.max(1, countHolders(each.presentation, shown))) : each,
  );
  const findings = verdicts.flatMap((each) => each.findings);
  // Of what a member without both signatures says nothing is known, so that it cannot belong to anything.
  if (shown.length === members.length) findings.push(...together(shown, context, knowledge));
  return ofMembers(verdicts, findings, context);
}

/** Step 13 for the act: whether the licences belong together. */
function together(shown: readonly Presentation[], context: Context, { policy }: Knowledge): readonly Finding[] {
  const { face, clock } = context;
  const rows = shown.map(({ credential: { vct, iss } }) =>
    clock.at < policy.exp ? rowFor(policy, vct, face.purpose, iss.slice(0, 6)) : null,
  );
  const jointly = shown.filter((_, at) => (rows[at]?.holdersRequired ?? 1) > 1);
  if (rows.every((row) => row?.linkWaived) || isLinked(shown, jointly)) return [];
  return [{ code: "W_BUNDLE_UNLINKED", tier: doubtful(face) }];
}

function ofMembers(members: readonly Verdict[], collected: readonly Finding[], { face }: Context): Verdict {
  const findings = rank(collected);
  const personCheck = members.some((each) => each.personCheck);
  const [verdictClass, proceed] = decide(findings, personCheck);
  const established = FACTS.filter((fact) => members.every((each) => each.established.includes(fact)));
  if (verdictClass === "accept" && established.length !== FACTS.length)
    throw new Error("an act accepted without everything established for every licence");
  const statuses = members.map((each) => each.ages.status);
  const status = statuses.includes(null) ? null : Math.max(...(statuses as number[]));
  return {
    class: verdictClass,
    proceed,
    established,
    findings,
    licence: null,
    purpose: face.purpose,
    personCheck: personCheck && (verdictClass === "accept" || verdictClass === "check"),
    ages: { ...members[0]!.ages, status },
    replayKey: null,
    burnUntil: null,
    members,
  };
}

/** How many different holders of this licence are shown, each by an identifier of its own; an agent is none. */
function countHolders(licence: Presentation, shown: readonly Presentation[]): number {
  const holders = shown.filter((each) => each.credential.mandate === null && isSameLicence(licence, each));
  const found = IDENTIFIERS.map(([key, foreign]) => new Set(holders.map((each) => identifier(each, key, foreign))));
  return Math.max(...found.map((each) => each.size - (each.has(null) ? 1 : 0)));
}

/** One holder's licences, or those of the holders of one joint licence, each of whom shows it with an own identifier. */
function isLinked(shown: readonly Presentation[], jointly: readonly Presentation[]): boolean {
  if (link(shown) !== "none") return true;
  return jointly.some((licence) => {
    const holders = jointly.filter((each) => isSameLicence(licence, each) && isOwn(each));
    const belongs = (each: Presentation) => holders.some((holder) => each === holder || link([each, holder]) !== "none");
    return holders.length > 1 && shown.every(belongs);
  });
}

/** Whether both state one licence of one region: a number of it that the issuer signed, shown and equal in both. */
function isSameLicence(one: Presentation, other: Presentation): boolean {
  const [first, second] = [one.credential, other.credential];
  if (first.vct !== second.vct || first.iss.slice(0, 6) !== second.iss.slice(0, 6)) return false;
  return LICENCE_NUMBERS.some((key) => typeof one.items.get(key) === "string" && one.items.get(key) === other.items.get(key));
}

function isOwn(shown: Presentation): boolean {
  return shown.credential.mandate === null && IDENTIFIERS.some(([key, foreign]) => identifier(shown, key, foreign) !== null);
}

/** The identifier of the licence's holder; null where it is not shown, or is not the holder's own. */
function identifier({ credential, items }: Presentation, key: number, foreignKind: number): string | null {
  const value = items.get(key);
  return credential.holderKind !== foreignKind && typeof value === "string" && value !== "" ? value : null;
}
