// Runs a test's own steps on the mini-program bundle where there is nothing but the language (node:vm).
// Standard input: {alg, secret, now, packages, program}; `program` is the body of an async function of (given, tools).
// Output: what it gives, or {"error": code} of a wallet's error.
import { readFileSync } from "node:fs";
import process from "node:process";
import vm from "node:vm";

process.stdin.setEncoding("utf8");
let written = "";
for await (const piece of process.stdin) written += piece;
const context = vm.createContext({ written });
vm.runInContext(readFileSync(process.argv[2], "utf8"), context);
const result = vm.runInContext(
  `(async () => {
    const { liangzheng: sdk } = globalThis;
    const given = JSON.parse(written);
    const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
    const hex = (content) => Array.from(content, (byte) => byte.toString(16).padStart(2, "0")).join("");
    const state = { now: given.now, elapsed: 0, saved: null, signed: 0 };
    const software = new sdk.SoftwareSigner(given.alg, bytes(given.secret));
    const signer = {
      publicKey: software.publicKey,
      authorisation: given.authorisation ?? "session",
      sign: (message) => { state.signed++; return software.sign(message); },
    };
    let drawn = 0;
    const ports = {
      random: (size) => Uint8Array.from({ length: size }, () => ++drawn % 251),
      now: () => state.now,
      storage: { load: async () => state.saved, save: async (content) => { state.saved = content; } },
      signer,
      curves: sdk.nobleCurves,
    };
    const open = (more = {}) => sdk.Wallet.open({ ...ports, ...more });
    const wallet = await open();
    for (const each of given.packages ?? []) await wallet.receive(bytes(each));
    const refused = async (act) => {
      try { await act(); return "nothing was refused"; } catch (error) { return error.code ?? String(error.stack); }
    };
    const program = new Function("given", "tools", "return (async () => {" + given.program + "})()");
    return JSON.stringify(await program(given, { sdk, wallet, open, state, ports, bytes, hex, refused }));
  })()`,
  context,
);
console.log(await result);
