// Bundles what is shipped and what is tried: `node build.mjs [FOLDER]`.
import { createHash } from "node:crypto";
import { cp, mkdir, readdir, readFile } from "node:fs/promises";
import { build } from "esbuild";

const outdir = process.argv[2] ?? "dist";
const common = { bundle: true, target: "es2022", outdir, logLevel: "error" };
const modules = { ...common, format: "esm", outExtension: { ".js": ".mjs" } };
const parts = { wallet: "index", answering: "answering", animated: "moving", further: "further", keeping: "keeping", openid4vci: "openid4vci/index" };
const entryPoints = Object.fromEntries(Object.entries(parts).map(([name, file]) => [name, `src/${file}.ts`]));
await build({ ...modules, entryPoints, minify: true, splitting: true, chunkNames: "shared-[hash]" });
// Mini-programs give each file a scope of its own: there the script is a module, elsewhere it defines `liangzheng`.
const footer = { js: 'if (typeof module === "object") module.exports = liangzheng;' };
await build({ ...common, entryPoints: { miniprogram: "src/miniprogram.ts" }, format: "iife", globalName: "liangzheng", minify: true, footer, inject: ["tools/textEncoder.ts"] });
await build({ ...modules, entryPoints: ["tools/readVector.ts", "tools/checkVectors.ts", "tools/appraise.ts", "tools/material.ts"], platform: "node" });

// What reads codes with a camera: the reader in a chunk of its own, loaded with its wasm from beside it.
const wasm = "node_modules/zxing-wasm/dist/reader/zxing_reader.wasm";
await build({ ...modules, outdir: `${outdir}/camera`, entryPoints: { codeReader: "camera/codeReader.ts" }, minify: true, splitting: true, chunkNames: "shared-[hash]" });
await cp(wasm, `${outdir}/camera/zxing_reader.wasm`);

// The web wallet and the verifier: their pages, then what keeps exactly these for when there is no network.
await mkdir(`${outdir}/web`, { recursive: true });
await cp(wasm, `${outdir}/web/zxing_reader.wasm`);
await site("web", `${outdir}/web`, "liangzheng-wallet-", { app: "web/main.ts" });
await mkdir(`${outdir}/verifier`, { recursive: true });
await cp(wasm, `${outdir}/verifier/zxing_reader.wasm`);
await site("verifier/web", `${outdir}/verifier`, "liangzheng-verifier-", { verifier: "verifier/web/main.ts" });

async function site(pages, folder, cache, entryPoints) {
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(pages)) if (/\.(html|css|svg|webmanifest)$/.test(name)) await cp(`${pages}/${name}`, `${folder}/${name}`);
  await build({ ...modules, outdir: folder, entryPoints, minify: true, splitting: true, chunkNames: "[name]-[hash]" });
  const names = (await readdir(folder)).filter((name) => name !== "offline.js").sort();
  const hash = createHash("sha256");
  for (const name of names) hash.update(`${name}\n`).update(await readFile(`${folder}/${name}`));
  const define = {
    PREFIX: JSON.stringify(cache),
    VERSION: JSON.stringify(hash.digest("hex").slice(0, 16)),
    FILES: JSON.stringify(["./", ...names.map((name) => `./${name}`)]),
  };
  await build({ ...common, outdir: folder, entryPoints: { offline: "web/offline.ts" }, minify: true, define });
}
