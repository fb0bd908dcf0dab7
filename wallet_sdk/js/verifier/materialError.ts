/** Why published files are not taken in: each reason has its own name, and what was held stays as it was. */

import { ProtocolError } from "../src/protocolError.ts";

/**
 * - `form`: not a feed bundle, or a file in it that is none of its kind;
 * - `repository`: a bundle of a trust repository, which only a terminal reads;
 * - `missing`: a file is not there; the message names it;
 * - `root-pair`: the root is a pair of keys, which only a terminal reads;
 * - `other-root`: another root than the one that the operator has compared;
 * - `refused`: a signature or a signed statement does not hold; the message begins with its code;
 * - `older`: what is held is newer;
 * - `two-histories`: one place in the feed, two states, both signed: an alarm for the region's operators;
 * - `feed-broken`: base and deltas do not lead to what the checkpoint signs;
 * - `final-changed`: a final status would change, and the offline key has not signed that;
 * - `too-much`: more changes at once than may be without a person's look.
 */
export type MaterialProblem =
  | "form"
  | "repository"
  | "missing"
  | "root-pair"
  | "other-root"
  | "refused"
  | "older"
  | "two-histories"
  | "feed-broken"
  | "final-changed"
  | "too-much";

export class MaterialError extends Error {
  constructor(
    readonly problem: MaterialProblem,
    message: string,
  ) {
    super(message);
    this.name = "MaterialError";
  }
}

export function broken(problem: MaterialProblem, message: string): never {
  throw new MaterialError(problem, message);
}

/** Runs a check of a signed object; its refusal names the file. */
export async function signed<T>(name: string, check: () => Promise<T> | T): Promise<T> {
  try {
    return await check();
  } catch (error) {
    if (error instanceof ProtocolError) broken("refused", `${error.code}: ${name}: ${error.message}`);
    throw error;
  }
}
