/** Everything in one, for runtimes without WebCrypto and without modules: mini-programs. */

export * from "./index.ts";
export { answer, readChallenge, type TerminalRequest } from "./answering.ts";
export { animate, KIND } from "./animated.ts";
export { nobleCurves, SoftwareSigner } from "./noble.ts";
export * as openid4vci from "./openid4vci/index.ts";
