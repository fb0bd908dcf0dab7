// Runs a mini-program's own files where there is nothing but the language and a stand-in for its platform (node:vm).
// Arguments: its folder, the SDK. Standard input: {url, choose, seconds}; output: {pages, frames, problem, stored, kept}.
import { createHash, createSign, generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import vm from "node:vm";

const [folder, sdk] = process.argv.slice(2);
const given = JSON.parse(readFileSync(0, "utf8"));
const read = (name) => readFileSync(path.join(folder, name), "utf8");

// The platform's own realm: buffers that it hands out are the context's, as in a mini-program.
const context = vm.createContext({ console: undefined });
for (const name of ["crypto", "TextEncoder", "TextDecoder", "fetch", "document", "window", "setTimeout", "Buffer", "process", "URL"])
  if (vm.runInContext(`typeof ${name}`, context) !== "undefined") throw new Error(`${name} is there`);
const ContextUint8Array = vm.runInContext("Uint8Array", context);
const buffer = (bytes) => ContextUint8Array.from(bytes).buffer;

// The clock stands still until it is told to go on.
let now = Date.now();
context.platformNow = () => now;
vm.runInContext("Date.now = () => platformNow();", context);
const timers = new Map();
context.setInterval = (call, wait) => (timers.set(timers.size + 1, { call, wait }), timers.size);
context.clearInterval = (id) => timers.delete(id);

const encrypted = new Map();
const kept = [];
const answering = (work) => (options) => {
  const done = Promise.resolve().then(() => work(options));
  if (!options.success && !options.fail && !options.complete) return done;
  done.then(options.success, options.fail);
};
const stack = [];
context.wx = {
  getRandomValues: answering(({ length }) => ({ randomValues: buffer(globalThis.crypto.getRandomValues(new Uint8Array(length))) })),
  getStorage: answering(({ key, encrypt }) => {
    if (!encrypt || !encrypted.has(key)) throw { errMsg: "getStorage:fail data not found" };
    return { data: encrypted.get(key) };
  }),
  setStorage: answering(({ key, data, encrypt }) => {
    if (!encrypt) throw { errMsg: "setStorage:fail a wallet is stored encrypted" };
    encrypted.set(key, data);
  }),
  arrayBufferToBase64: (content) => Buffer.from(content).toString("base64"),
  base64ToArrayBuffer: (text) => buffer(Buffer.from(text, "base64")),
  request: answering(async ({ url, method, data, responseType }) => {
    const answer = await fetch(url, { method, body: JSON.stringify(data), headers: { "Content-Type": "application/json" } });
    const content = await answer.arrayBuffer();
    if (responseType !== "arraybuffer") throw new Error("text is not read here");
    return { statusCode: answer.status, data: buffer(new Uint8Array(content)) };
  }),
  setKeepScreenOn: ({ keepScreenOn }) => void kept.push(keepScreenOn),
  navigateTo({ url, success }) {
    const waiting = [];
    const channel = { once: (name, call) => waiting.push([name, call]) };
    open(url.replace(/^\//, ""), {}, channel);
    success({ eventChannel: { emit: (name, content) => waiting.filter(([each]) => each === name).forEach(([, call]) => call(content)) } });
  },
  navigateBack: () => stack.pop().onUnload?.(),
};

// The key is the app's: the mini-program sees neither it nor what signs.
const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const { x, y } = publicKey.export({ format: "jwk" });
context.hostBridge = {
  publicKey: async () => buffer([4, ...Buffer.from(x, "base64url"), ...Buffer.from(y, "base64url")]),
  sign: async (message) => buffer(createSign("SHA256").update(Buffer.from(message)).sign(privateKey)),
};

// Each file has a scope of its own, and `require` takes relative paths alone.
const loaded = new Map();
function load(name) {
  if (!loaded.has(name)) {
    const module = { exports: {} };
    loaded.set(name, module);
    const source = name === "lib/miniprogram.js" ? readFileSync(sdk, "utf8") : read(name);
    const run = vm.runInContext(`(function (require, module, exports) {${source}\n})`, context, { filename: name });
    run((other) => load(path.posix.normalize(path.posix.join(path.posix.dirname(name), other))), module, module.exports);
  }
  return loaded.get(name).exports;
}

let app;
let definition;
context.App = (given) => void (app = given);
context.getApp = () => app;
context.Page = (given) => void (definition = given);

function open(name, query, channel) {
  definition = null;
  loaded.delete(`${name}.js`);
  load(`${name}.js`);
  const page = Object.assign(Object.create(definition), { data: structuredClone(definition.data) });
  page.setData = (changes) => {
    for (const key of Object.keys(changes)) if (!(key in page.data)) throw new Error(`${name} shows no ${key}`);
    // As between the two threads of a mini-program: what a page shows is what JSON can say.
    Object.assign(page.data, JSON.parse(JSON.stringify(changes)));
  };
  page.getOpenerEventChannel = () => channel;
  stack.push(page);
  page.onLoad?.(query);
  return page;
}

async function until(holds) {
  for (let tries = 0; !holds(); tries++) {
    if (tries > 2000) throw new Error(`nothing came: ${JSON.stringify(stack.at(-1).data).slice(0, 300)}`);
    await new Promise((go) => setTimeout(go, 5));
  }
}

const config = JSON.parse(read("app.json"));
load("app.js");
app.onLaunch();
const receive = open(config.pages[0], { url: encodeURIComponent(given.url) });
await receive.receive();
const out = { pages: config.pages, asked: receive.data.items, frames: [], problem: receive.data.problem };
if (receive.data.name) {
  if (given.choose) receive.choose({ detail: { value: given.choose } });
  await receive.agree();
  await until(() => stack.at(-1) !== receive && (stack.at(-1).data.picture || stack.at(-1).data.problem));
  const code = stack.at(-1);
  out.frames.push({ picture: code.data.picture, left: code.data.left });
  for (const seconds of given.seconds ?? []) {
    now += seconds * 1000;
    for (const { call } of timers.values()) await call();
    out.frames.push({ picture: code.data.picture, left: code.data.left });
  }
  out.problem = code.data.problem || out.problem;
  if (given.hide) code.onHide();
  else code.close();
  out.left = { timers: timers.size, picture: code.data.picture, kept };
}
out.stored = [...encrypted.values()].map((text) => createHash("sha256").update(text).digest("hex"));
process.stdout.write(JSON.stringify(out));
