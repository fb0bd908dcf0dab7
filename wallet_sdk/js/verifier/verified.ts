/** From a well-formed presentation to a verified one: steps 5 to 9, in which the first failure ends the appraisal. */

import type { UnverifiedCredential } from "../src/credential.ts";
import * as credential from "../src/credential.ts";
import * as presentation from "../src/presentation.ts";
import type { UnverifiedPresentation } from "../src/presentation.ts";
import { findCredentialAnchor, type TrustAnchor } from "../src/trust.ts";
import { ban, type Verified } from "./conclude.ts";
import type { Context, Knowledge } from "./context.ts";
import { codeOf, ended } from "./deadEnds.ts";
import { finding } from "./gates.ts";
import { CLOCK_MAY_BE_WRONG, isTrusted } from "./validity.ts";
import type { Ages, Finding, Verdict } from "./verdict.ts";

/** Reasons that can only be given in step 9. */
const AFTER_BOTH_SIGNATURES = [
  "E_SD_EMPTY", "E_SD_SHAPE", "E_SD_DUP", "E_SD_REUSE", "E_SD_DUPKEY", "E_SD_ORPHAN", "E_SD_FORBIDDEN", "E_SCHEMA",
];

/** A verdict where the appraisal ends there. */
export async function verify(
  unverified: UnverifiedPresentation,
  context: Context,
  knowledge: Knowledge,
  ages: Ages,
): Promise<Verified | Verdict> {
  const parts = unverified.credential;
  // Step 5. A mandate takes a key for mandates, everything else an assertion key.
  let anchor: TrustAnchor;
  try {
    anchor = findCredentialAnchor(knowledge.trust.anchors, parts, context.clock.at);
  } catch (error) {
    return ended([issuerEnded(codeOf(error), parts, context, knowledge)], context, ages);
  }
  const banned = ban(knowledge, parts);
  if (banned?.code === "E_ISSUER_BANNED") return ended([banned], context, ages);
  // Steps 6 to 9.
  try {
    return { presentation: await presentation.verify(unverified, anchor.key, context.curves), parts };
  } catch (error) {
    return notVerified(codeOf(error), unverified, anchor, context, ages);
  }
}

export function isVerified(checked: Verified | Verdict): checked is Verified {
  return "presentation" in checked;
}

/** A refusal, unless only the doubtful clock here says that the key has ended. */
function issuerEnded(code: string, unverified: UnverifiedCredential, context: Context, knowledge: Knowledge): Finding {
  if (code !== "E_ISSUER_EXPIRED" || isTrusted(context.clock)) return finding(code);
  try {
    // At this moment nothing has ended yet; what is left is the credential's own iat.
    findCredentialAnchor(knowledge.trust.anchors, unverified, 0);
  } catch {
    return finding(code);
  }
  return CLOCK_MAY_BE_WRONG;
}

async function notVerified(
  code: string,
  unverified: UnverifiedPresentation,
  anchor: TrustAnchor,
  context: Context,
  ages: Ages,
): Promise<Verdict> {
  const found = [finding(code)];
  if (AFTER_BOTH_SIGNATURES.includes(code)) return ended(found, context, ages, ["issuer_signature", "holder_key"]);
  if (code !== "E_KEY" && code !== "E_SIG_HOLDER")
    try {
      await credential.verify(unverified.credential, anchor.key, context.curves);
    } catch {
      return ended(found, context, ages);
    }
  return ended(found, context, ages, ["issuer_signature"]);
}
