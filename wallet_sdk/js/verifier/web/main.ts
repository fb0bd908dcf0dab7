/** The verifier's start: the only place that names a clock and the browser's own stores. */

import type { Language } from "../../src/catalogue.ts";
import { PURPOSES, type Purpose } from "../../src/purposes.ts";
import { webCryptoCurves } from "../../src/webCrypto.ts";
import { make } from "../../web/elements.ts";
import { inflating } from "../inflating.ts";
import { App } from "./app.ts";
import { DeviceClock } from "./deviceClock.ts";
import { Keeping } from "./keeping.ts";
import { materialView } from "./materialView.ts";
import { readingView } from "./readingView.ts";
import { type Key, LANGUAGES, PURPOSE_NAMES, textIn } from "./texts.ts";

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
  const clock = new DeviceClock(() => Date.now(), () => performance.now());
  const ports = { curves: webCryptoCurves<CryptoKey>(crypto.subtle as never), inflate: inflating(DecompressionStream as never) };
  const [kept, purpose] = [await keeping.setting("language"), await keeping.setting("purpose")];
  const app = new App(keeping, clock, ports, kept !== null && kept in LANGUAGES ? (kept as Language) : language);
  if (PURPOSES.includes(purpose as Purpose) && purpose! in PURPOSE_NAMES) app.purpose = purpose as Purpose;
  await app.restore();
  app.go(app.material === null ? materialView : readingView);
  // Without it the verifier works all the same while there is a network.
  void navigator.serviceWorker?.register(offlineScript(), { updateViaCache: "none" }).catch(console.error);
  // What is held is worth keeping: without this a browser may throw it away when room is short.
  void navigator.storage?.persist?.().catch(console.error);
}

/** The one script that the page's policy lets a script name; browsers without Trusted Types take the text. */
function offlineScript(): string {
  const { trustedTypes } = globalThis as {
    trustedTypes?: { createPolicy(name: string, rules: object): { createScriptURL(input: string): string } };
  };
  const policy = trustedTypes?.createPolicy("offline", { createScriptURL: () => "offline.js" });
  return policy?.createScriptURL("") ?? "offline.js";
}

/** Two tabs over one store would not know of each other's used codes. */
function isOnlyOne(): Promise<boolean> {
  return new Promise((answer) => {
    const held = (lock: Lock | null) => {
      answer(lock !== null);
      return lock === null ? undefined : new Promise<void>(() => {});
    };
    void navigator.locks.request("liangzheng-verifier", { ifAvailable: true }, held);
  });
}

function browserLanguage(): Language {
  const [wanted = "zh"] = navigator.languages;
  if (/^zh\b.*\b(Hant|TW|HK|MO)\b/i.test(wanted)) return "zh-Hant";
  return /^zh\b/i.test(wanted) ? "zh-Hans" : "en";
}

/** Says why there is no verifier here, in every language: nothing is known yet of who reads it. */
function stop(language: Language, why: Key): void {
  const others = (Object.keys(LANGUAGES) as Language[]).filter((each) => each !== language);
  const lines = [language, ...others].map((each) => make("p", { lang: each }, textIn(each, why)));
  document.body.replaceChildren(make("main", {}, make("h1", {}, textIn(language, "title")), ...lines));
}

void start();
