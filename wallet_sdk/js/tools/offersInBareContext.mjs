// Receives by offers where there is nothing but the language (node:vm); the network is a port of its own.
// Standard input: {runs: [{alg, secret, now, content?, answers?, steps}]}, output: [{results, content, asked}].
// `answers` by address: {status, body} or null, for none at all; without `answers` the network is the real one.
import { readFileSync } from "node:fs";
import process from "node:process";
import vm from "node:vm";

process.stdin.setEncoding("utf8");
let written = "";
for await (const piece of process.stdin) written += piece;
const { runs } = JSON.parse(written);

const bundle = new vm.Script(readFileSync(process.argv[2], "utf8"));
const out = [];
for (const run of runs) {
  const asked = [];
  const answers = new Map(Object.entries(run.answers ?? {}));
  const exchange = async (text) => {
    const { url, headers, body } = JSON.parse(text);
    asked.push({ url, headers, body });
    if (run.answers !== undefined) {
      const given = answers.has(url) ? answers.get(url) : { status: 404, body: '{"error": "not_found"}' };
      if (given === null) throw new Error("no route");
      return JSON.stringify({ status: given.status, body: given.hex ?? Buffer.from(given.body, "utf8").toString("hex") });
    }
    const answer = await fetch(url, { method: body === null ? "GET" : "POST", headers, body: body === null ? undefined : Buffer.from(body, "hex"), redirect: "manual" });
    return JSON.stringify({ status: answer.status, body: Buffer.from(await answer.arrayBuffer()).toString("hex") });
  };
  const change = (changed) => {
    for (const [url, answer] of Object.entries(JSON.parse(changed))) answers.set(url, answer);
  };
  const context = vm.createContext({ given: JSON.stringify(run), exchange, change });
  for (const name of ["crypto", "TextEncoder", "TextDecoder", "fetch", "URL", "btoa", "atob", "document", "window", "setTimeout", "Buffer", "process"])
    if (vm.runInContext(`typeof ${name}`, context) !== "undefined") throw new Error(`${name} is there`);
  bundle.runInContext(context);
  const found = await vm.runInContext(
    `(async () => {
      const { given, liangzheng: sdk, exchange, change } = globalThis;
      const { openid4vci } = sdk;
      const run = JSON.parse(given);
      const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
      const hex = (content) => Array.from(content, (byte) => byte.toString(16).padStart(2, "0")).join("");
      let saved = run.content === undefined ? null : bytes(run.content);
      let now = run.now;
      const ports = {
        random: (size) => bytes("09".repeat(size)),
        now: () => now,
        storage: { load: async () => saved, save: async (content) => { saved = content; } },
        signer: new sdk.SoftwareSigner(run.alg, bytes(run.secret)),
        curves: sdk.nobleCurves,
      };
      const transport = async ({ url, headers, body }) => {
        const answer = JSON.parse(await exchange(JSON.stringify({ url, headers, body: body === null ? null : hex(body) })));
        return { status: answer.status, body: bytes(answer.body) };
      };
      let wallet = null;
      const named = (came) => ("transactionId" in came ? "waiting" : came.id);
      const acts = {
        read: ({ link }) => openid4vci.readOffer(link, transport),
        accept: async ({ link, ...options }) =>
          named(await openid4vci.accept(wallet, await openid4vci.readOffer(link, transport), transport, options)),
        decline: async ({ link, txCode }) => {
          const offer = await openid4vci.readOffer(link, transport);
          const metadata = await openid4vci.issuerMetadata(offer.issuer, transport);
          const waiting = await openid4vci.redeem(wallet, offer, metadata, transport, txCode);
          const came = await openid4vci.collect(wallet, waiting, metadata, transport);
          await came.end(wallet, "credential_deleted", transport);
        },
        resume: async () => named(await openid4vci.resume(wallet, wallet.records().waiting[0], transport)),
        refresh: async ({ card }) => (await openid4vci.refresh(wallet, wallet.card(card), transport)).id,
        devices: ({ card }) => openid4vci.devices(wallet, wallet.card(card), transport),
        lost: ({ card, device }) => openid4vci.reportLost(wallet, wallet.card(card), device, transport),
        notices: ({ issuer }) => openid4vci.notices(wallet, issuer, transport),
        news: () => wallet.news.devices(),
        acknowledge: ({ card, number }) =>
          wallet.news.acknowledge(card === undefined ? (wallet.news.devices()[number] ?? null) : wallet.card(card)),
        noticesTwice: ({ issuer }) => Promise.all([1, 2].map(() => openid4vci.notices(wallet, issuer, transport))),
        receive: async ({ encoded }) => (await wallet.receive(bytes(encoded))).id,
        restart: async () => { wallet = await sdk.Wallet.open(ports); },
        answers: ({ changed }) => change(JSON.stringify(changed)),
        wait: ({ seconds }) => { now += seconds; },
        waiting: () => wallet.records().waiting,
        states: () => wallet.cards().map((card) => [card.id, wallet.state(card)]),
        key: () => hex(wallet.publicKey()),
        show: async ({ card, purpose }) => {
          const held = wallet.card(card);
          const showing = wallet.show(held, { audience: purpose, consent: wallet.request(held, purpose).approve() });
          return (await showing.frame()).text;
        },
      };
      const results = [];
      for (const { act, ...options } of [{ act: "restart" }, ...run.steps]) {
        try {
          results.push({ gave: (await acts[act](options)) ?? null });
        } catch (error) {
          if (error.code === undefined) throw error;
          results.push({ code: error.code, detail: error.detail ?? "", text: error.userText?.("en") ?? "" });
        }
      }
      const [opened, ...its] = results;
      return JSON.stringify({ opened, results: its, content: saved === null ? null : hex(saved) });
    })()`,
    context,
  );
  out.push({ ...JSON.parse(found), asked });
}
console.log(JSON.stringify(out));
