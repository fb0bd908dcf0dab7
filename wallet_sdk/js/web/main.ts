/** The web wallet's start: the only place that names a clock, randomness and the browser's own stores. */

import type { Language } from "../src/catalogue.ts";
import { Wallet } from "../src/wallet.ts";
import { makeKeyPair, webCryptoCurves, webCryptoSigner } from "../src/webCrypto.ts";
import { App } from "./app.ts";
import { Keeping } from "./keeping.ts";
import { packView } from "./packView.ts";
import { receiveView } from "./receiveView.ts";
import { begin, keepForOffline } from "./site.ts";
import { LANGUAGES, textIn } from "./texts.ts";
import { upkeep } from "./upkeep.ts";

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
  app.start(packView());
  if (link !== null) app.go(receiveView(link));
  const lookAfter = () => void (navigator.onLine && upkeep(app).catch(console.error));
  addEventListener("online", lookAfter);
  lookAfter();
  keepForOffline();
}

const languages = Object.keys(LANGUAGES) as Language[];
void begin({ lock: "liangzheng-wallet", languages, text: textIn, open });
