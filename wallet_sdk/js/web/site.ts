/** How every page of ours begins: in the reader's language, where a browser can keep a secret, in one tab. */

import type { Language } from "../src/catalogue.ts";
import { make } from "./elements.ts";

/** What says why there is no page; every page's texts have these. */
export type StopKey = "title" | "insecure" | "openElsewhere" | "broken";

export interface Site {
  /** Of the lock that one tab has: two over one store would not know of each other. */
  readonly lock: string;
  readonly languages: readonly Language[];
  readonly text: (language: Language, key: StopKey) => string;
  readonly open: (language: Language) => Promise<void>;
}

/** Opens the page, or says why there is none, in every language: nothing is known yet of who reads it. */
export async function begin(site: Site): Promise<void> {
  const language = browserLanguage();
  const stop = (why: StopKey): void => {
    const lines = [language, ...site.languages.filter((each) => each !== language)];
    const said = lines.map((each) => make("p", { lang: each }, site.text(each, why)));
    document.body.replaceChildren(make("main", {}, make("h1", {}, site.text(language, "title")), ...said));
  };
  document.documentElement.lang = language;
  if (!isSecureContext || crypto.subtle === undefined) return stop("insecure");
  if (!(await isOnlyOne(site.lock))) return stop("openElsewhere");
  try {
    await site.open(language);
  } catch (error) {
    console.error(error);
    stop("broken");
  }
}

/** Keeps the page for when there is no network; without it everything works all the same while there is one. */
export function keepForOffline(): void {
  void navigator.serviceWorker?.register(offlineScript(), { updateViaCache: "none" }).catch(console.error);
}

/** The one script that a page's policy lets a script name; browsers without Trusted Types take the text. */
function offlineScript(): string {
  const { trustedTypes } = globalThis as {
    trustedTypes?: { createPolicy(name: string, rules: object): { createScriptURL(input: string): string } };
  };
  const policy = trustedTypes?.createPolicy("offline", { createScriptURL: () => "offline.js" });
  return policy?.createScriptURL("") ?? "offline.js";
}

function isOnlyOne(name: string): Promise<boolean> {
  return new Promise((answer) => {
    const held = (lock: Lock | null) => {
      answer(lock !== null);
      return lock === null ? undefined : new Promise<void>(() => {});
    };
    void navigator.locks.request(name, { ifAvailable: true }, held);
  });
}

function browserLanguage(): Language {
  const [wanted = "zh"] = navigator.languages;
  if (/^zh\b.*\b(Hant|TW|HK|MO)\b/i.test(wanted)) return "zh-Hant";
  return /^zh\b/i.test(wanted) ? "zh-Hans" : "en";
}
