/** Further ways to show: several licences in one act, many one after another, codes signed ahead. */

export * from "./batch.ts";
export * from "./joint.ts";
export * from "./ladder.ts";
