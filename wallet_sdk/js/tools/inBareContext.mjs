// Runs the mini-program bundle where there is nothing but the language (node:vm): no WebCrypto, no page, no TextEncoder.
// Standard input: {alg, secret, now, packages, purpose, items?, challenges?}; output: {publicKey, texts, sizes, states, errors}.
import { readFileSync } from "node:fs";
import process from "node:process";
import vm from "node:vm";

process.stdin.setEncoding("utf8");
let written = "";
for await (const piece of process.stdin) written += piece;
const given = JSON.parse(written);
const context = vm.createContext({ given: JSON.stringify(given) });
for (const name of ["crypto", "TextEncoder", "TextDecoder", "fetch", "document", "window", "setTimeout", "Buffer", "process"])
  if (vm.runInContext(`typeof ${name}`, context) !== "undefined") throw new Error(`${name} is there`);
vm.runInContext(readFileSync(process.argv[2], "utf8"), context);
const result = vm.runInContext(
  `(async () => {
    const { given: text, liangzheng: sdk } = globalThis;
    const asked = JSON.parse(text);
    const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
    const hex = (content) => Array.from(content, (byte) => byte.toString(16).padStart(2, "0")).join("");
    let saved = null;
    let now = asked.now;
    const ports = {
      random: (size) => bytes(asked.random).slice(0, size),
      now: () => now,
      storage: { load: async () => saved, save: async (content) => { saved = content; } },
      signer: new sdk.SoftwareSigner(asked.alg, bytes(asked.secret)),
      curves: sdk.nobleCurves,
    };
    let wallet = await sdk.Wallet.open(ports);
    const out = { publicKey: hex(wallet.publicKey()), requests: [], texts: [], sizes: [], states: [], errors: [] };
    for (const each of asked.packages ?? []) {
      try {
        await wallet.receive(bytes(each), asked.root ? { root: bytes(asked.root) } : {});
      } catch (error) {
        out.errors.push(error.code ?? String(error.stack));
      }
    }
    // As after a restart.
    wallet = await sdk.Wallet.open(ports);
    for (const each of asked.challenges ?? []) {
      try {
        const request = await sdk.readChallenge(wallet, each);
        out.requests.push([request.asker.relyingParty, request.reason, request.sheets.length, request.missing]);
        now = asked.now + (asked.after ?? 0);
        const decision = asked.consent === null ? null : request.approve();
        out.texts.push((await sdk.answer(wallet, request, decision)).text);
      } catch (error) {
        out.errors.push(error.code ?? String(error.stack));
      }
    }
    for (const licence of asked.challenges ? [] : wallet.cards()) {
      out.states.push(wallet.state(licence));
      try {
        const request = wallet.request(licence, asked.purpose);
        const decision = asked.items ? request.approve(asked.items) : request.approve();
        const showing = wallet.show(licence, { audience: asked.purpose, consent: asked.consent === null ? null : decision });
        for (const later of asked.later ?? [0]) {
          now = asked.now + later;
          const frame = await showing.frame();
          out.texts.push(frame.text);
          out.sizes.push(frame.svg.length);
        }
        showing.close();
      } catch (error) {
        out.errors.push(error.code ?? String(error.stack));
      }
    }
    if (asked.animate) {
      const frame = sdk.animate(bytes(asked.animate), sdk.KIND.portrait, 442);
      out.texts = asked.frames.map(frame);
    }
    return JSON.stringify(out);
  })()`,
  context,
);
console.log(await result);
