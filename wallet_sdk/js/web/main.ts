/** The web wallet's start: the only place that names a clock, randomness and the browser's own stores. */

import type { Language } from "../src/catalogue.ts";
import { Wallet } from "../src/wallet.ts";
import { makeKeyPair, webCryptoCurves, webCryptoSigner } from "../src/webCrypto.ts";
import { App } from "./app.ts";
import { make } from "./elements.ts";
import { Keeping } from "./keeping.ts";
import { packView } from "./packView.ts";
import { receiveView } from "./receiveView.ts";
import { type Key, LANGUAGES, textIn } from "./texts.ts";
import { upkeep } from "./upkeep.ts";

async function start(): Promise<void> {
  const language = browserLanguage();
  document.documentElement.lang = language;
  if (!isSecureContext || crypto.subtle === undefined) return stop(language, "insecure");
  if (!(await isOnlyOne())) return stop(language, "openElsewhere");
  try {
    await open(language);
  } catch (error) {
    console.error(error);
    stop(language, "broken");
  }
}

async function open(language: Language): Promise<void> {
  const keeping = await Keeping.open();
  const { subtle } = crypto;
  const pair = await keeping.keyPair(() => makeKeyPair(subtle as never));
  const now = () => Math.floor(Date.now() / 1_000);
  const wallet = await Wallet.open({
    random: (size) => crypto.getRandomValues(new Uint8Array(size)),
    now,
    storage: { load: () => keeping.content(), save: (content) => keeping.saveContent(content) },
    signer: await webCryptoSigner<CryptoKey>(subtle as never, pair),
    curves: webCryptoCurves<CryptoKey>(subtle as never),
  });
  const given = new URLSearchParams(location.hash.slice(1));
  const link = given.get("package") ?? given.get("offer");
  const kept = (await keeping.setting("language")) as Language | undefined;
  const app = new App(wallet, keeping, now, kept ?? language, (await keeping.setting("largeType")) === true);
  app.start(packView);
  if (link !== null) app.go(receiveView(link));
  const lookAfter = () => void (navigator.onLine && upkeep(app).catch(console.error));
  addEventListener("online", lookAfter);
  lookAfter();
  // Without it the wallet works all the same while there is a network.
  void navigator.serviceWorker?.register(offlineScript(), { updateViaCache: "none" }).catch(console.error);
}

/** The one script that the page's policy lets a script name; browsers without Trusted Types take the text. */
function offlineScript(): string {
  const { trustedTypes } = globalThis as {
    trustedTypes?: { createPolicy(name: string, rules: object): { createScriptURL(input: string): string } };
  };
  const policy = trustedTypes?.createPolicy("offline", { createScriptURL: () => "offline.js" });
  return policy?.createScriptURL("") ?? "offline.js";
}

/** Two tabs over one store would write over each other's licences, and sign two codes for one moment. */
function isOnlyOne(): Promise<boolean> {
  return new Promise((answer) => {
    const held = (lock: Lock | null) => {
      answer(lock !== null);
      return lock === null ? undefined : new Promise<void>(() => {});
    };
    void navigator.locks.request("liangzheng-wallet", { ifAvailable: true }, held);
  });
}

function browserLanguage(): Language {
  const [wanted = "zh"] = navigator.languages;
  if (/^zh\b.*\b(Hant|TW|HK|MO)\b/i.test(wanted)) return "zh-Hant";
  return /^zh\b/i.test(wanted) ? "zh-Hans" : "en";
}

/** Says why there is no wallet here, in every language: nothing is known yet of who reads it. */
function stop(language: Language, why: Key): void {
  const others = (Object.keys(LANGUAGES) as Language[]).filter((each) => each !== language);
  const lines = [language, ...others].map((each) => make("p", { lang: each }, textIn(each, why)));
  document.body.replaceChildren(make("main", {}, make("h1", {}, textIn(language, "title")), ...lines));
}

void start();
