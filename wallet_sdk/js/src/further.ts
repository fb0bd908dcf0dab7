/** Further ways to show: several licences in one act, many one after another, codes signed ahead. */

export { BatchDecision, BatchRequest, BatchShowing, requestBatch, showBatch } from "./batch.ts";
export { cautions, type Choice, JointDecision, JointRequest, requestBundle, showBundle } from "./joint.ts";
export { Ladder, ladder, MAX_RUNGS } from "./ladder.ts";
export type { Addressee } from "./showing.ts";
export { CAUTIONS, type Caution, LEVELS, WHY_LINKED } from "./sheetTexts.ts";
// As in `openid4vci`: nobody has this module without the wallet, and said here, both are bundled in fewer pieces.
export { Wallet } from "./wallet.ts";
