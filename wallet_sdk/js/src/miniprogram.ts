/** Everything in one, for runtimes without WebCrypto and without modules: mini-programs. */

export * from "./index.ts";
export { nobleCurves, SoftwareSigner } from "./noble.ts";
