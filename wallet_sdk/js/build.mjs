// Bundles what is shipped and what is tried: `node build.mjs [FOLDER]`.
import { build } from "esbuild";

const outdir = process.argv[2] ?? "dist";
const common = { bundle: true, target: "es2022", outdir, logLevel: "error" };
const modules = { ...common, format: "esm", outExtension: { ".js": ".mjs" } };
const entryPoints = { wallet: "src/index.ts", answering: "src/answering.ts", animated: "src/animated.ts" };
await build({ ...modules, entryPoints, minify: true, splitting: true, chunkNames: "shared-[hash]" });
await build({ ...common, entryPoints: { miniprogram: "src/miniprogram.ts" }, format: "iife", globalName: "liangzheng", minify: true, inject: ["tools/textEncoder.ts"] });
await build({ ...modules, entryPoints: ["tools/readVector.ts", "tools/checkVectors.ts"], platform: "node" });
