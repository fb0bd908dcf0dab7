/** The verifier's start: the only place that names a clock and the browser's own stores. */

import type { Language } from "../../src/catalogue.ts";
import { PURPOSES, type Purpose } from "../../src/purposes.ts";
import { webCryptoCurves } from "../../src/webCrypto.ts";
import { begin, keepForOffline } from "../../web/site.ts";
import { inflating } from "../inflating.ts";
import { App } from "./app.ts";
import { DeviceClock } from "./deviceClock.ts";
import { Keeping } from "./keeping.ts";
import { materialView } from "./materialView.ts";
import { readingView } from "./readingView.ts";
import { LANGUAGES, PURPOSE_NAMES, textIn } from "./texts.ts";

async function open(language: Language): Promise<void> {
  const keeping = await Keeping.open();
  const clock = new DeviceClock(() => Date.now(), () => performance.now());
  const ports = { curves: webCryptoCurves<CryptoKey>(crypto.subtle as never), inflate: inflating(DecompressionStream as never) };
  const [kept, purpose] = [await keeping.setting("language"), await keeping.setting("purpose")];
  const app = new App(keeping, clock, ports, kept !== null && kept in LANGUAGES ? (kept as Language) : language);
  if (PURPOSES.includes(purpose as Purpose) && purpose! in PURPOSE_NAMES) app.purpose = purpose as Purpose;
  await app.restore();
  app.go(app.material === null ? materialView : readingView);
  keepForOffline();
  // What is held is worth keeping: without this a browser may throw it away when room is short.
  void navigator.storage?.persist?.().catch(console.error);
}

const languages = Object.keys(LANGUAGES) as Language[];
void begin({ lock: "liangzheng-verifier", languages, text: textIn, open });
