/**
 * From a code's text and a context to a verdict: the numbered checks of docs/verification.md, with their reason codes.
 *
 * Total: every input ends in a verdict, and never in an exception. It does what `verifier_terminal/appraisal` does for a
 * presentation (`LZ1`), a mandate's too, and for a bundle (`LB1`), at a place that asks nothing; a test compares both.
 * Paper codes and animated frames are named and not read: nothing is accepted that was not checked. What stands here are
 * steps 1 to 4 of every form of code.
 */

import * as bundle from "../src/bundle.ts";
import * as envelope from "../src/envelope.ts";
import * as presentation from "../src/presentation.ts";
import type { UnverifiedPresentation } from "../src/presentation.ts";
import * as sealing from "../src/sealing.ts";
import { appraiseMembers } from "./bundled.ts";
import { conclude } from "./conclude.ts";
import type { Context } from "./context.ts";
import { agesOf, broken, codeOf, ended } from "./deadEnds.ts";
import { finding, NOT_HERE } from "./gates.ts";
import type { Verdict } from "./verdict.ts";
import { isVerified, verify } from "./verified.ts";

/** Codes of ours that only a terminal reads: paper, animated frames. */
const ELSEWHERE = ["LS1:", envelope.ANIMATED];
const UNPROVISIONED = ["W_TRUST_MISSING", "W_POLICY_MISSING", "W_STATUS_MISSING"];

export async function appraise(text: string, context: Context): Promise<Verdict> {
  try {
    return await read(text, context);
  } catch {
    // A bug in here must end in an honest outcome of its own.
    return broken(context);
  }
}

async function read(text: string, context: Context): Promise<Verdict> {
  const ages = agesOf(context, context.knowledge?.status.oldest() ?? null);
  const prefix = text.slice(0, 4);
  if (ELSEWHERE.includes(prefix)) return ended([finding(NOT_HERE)], context, ages);
  let members: readonly UnverifiedPresentation[];
  try {
    members = parsed(text, prefix);
  } catch (error) {
    return ended([finding(codeOf(error))], context, ages);
  }
  // Nothing was asked here, so that no seal is for this place.
  if (members.length === 0) return ended([finding("E_SEAL_OPEN")], context, ages);
  const { knowledge } = context;
  if (knowledge === null) return ended(UNPROVISIONED.map(finding), context, ages);
  if (prefix === envelope.BUNDLE) return appraiseMembers(members, context, knowledge, ages);
  // Steps 5 to 9, then 10 to 14.
  const checked = await verify(members[0]!, context, knowledge, ages);
  return isVerified(checked) ? conclude(checked, context, knowledge) : checked;
}

/** Steps 1 to 4: the presentations in a code, one but for a bundle; none in a seal that has the form of one. */
function parsed(text: string, prefix: string): readonly UnverifiedPresentation[] {
  switch (prefix) {
    case envelope.BUNDLE:
      return bundle.parse(envelope.unwrap(text, envelope.BUNDLE));
    case envelope.SEALED:
      sealing.parse(envelope.unwrap(text, envelope.SEALED));
      return [];
    default:
      return [presentation.parse(envelope.unwrap(text, envelope.PRESENTATION))];
  }
}
