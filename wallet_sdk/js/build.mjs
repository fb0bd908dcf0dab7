// Bundles what is shipped and what is tried: `node build.mjs [FOLDER]`.
import { build } from "esbuild";

const outdir = process.argv[2] ?? "dist";
const common = { bundle: true, format: "esm", target: "es2022", outdir, outExtension: { ".js": ".mjs" }, logLevel: "error" };
await build({ ...common, entryPoints: ["tools/readVector.ts", "tools/checkVectors.ts"], platform: "node" });
