/** Everything in one, for runtimes without WebCrypto and without modules: mini-programs. */

export * from "./index.ts";
export { answer, readChallenge, type TerminalRequest } from "./answering.ts";
export { animate, KIND } from "./animated.ts";
export { nobleCurves, SoftwareSigner } from "./noble.ts";
