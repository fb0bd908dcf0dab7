/** Everything in one, for runtimes without WebCrypto and without modules: mini-programs. */

export * from "./index.ts";
export * from "./answering.ts";
export * from "./further.ts";
export * from "./keeping.ts";
export * from "./moving.ts";
export { nobleCurves, SoftwareSigner } from "./noble.ts";
export * as openid4vci from "./openid4vci/index.ts";
