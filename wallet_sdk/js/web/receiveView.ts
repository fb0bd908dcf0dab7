/** Receives a licence: by an offer, a link or a file; every check is made, then the holder is asked, and only then it is kept. */

import { base64url } from "../src/base64url.ts";
import { toHex } from "../src/bytes.ts";
import { encode } from "../src/cbor.ts";
import { bounded } from "../src/openid4vci/overFetch.ts";
import { packageOf } from "../src/receiving.ts";
import { Wallet } from "../src/wallet.ts";
import type { App, View } from "./app.ts";
import { cardView } from "./cardView.ts";
import { grouped } from "./cards.ts";
import { button, facts, make, on, section, ticked } from "./elements.ts";
import { PATIENCE } from "./network.ts";
import { isOffer, openOffer } from "./offerView.ts";
import { scanButton, scanView } from "./scanView.ts";
import type { Key } from "./texts.ts";

/** A package is smaller (docs/spec/licence-package.md). */
const MAX_BYTES = 262_144;

/** What cannot be fetched, by the text that says why. */
class NotFetched extends Error {
  constructor(readonly key: Key) {
    super(key);
  }
}

/** `link` is only filled in: a page that leads here has nothing fetched before the holder says so, by scanning an offer or by hand. */
export const receiveView =
  (link: string | null, isScanned = false): View =>
  (app, main) => {
    const address = make("input", { id: "link", type: "text", inputmode: "url", autocomplete: "off", spellcheck: "false", value: link ?? "" });
    const file = make("input", { id: "file", type: "file" });
    const take = (act: () => Promise<void>) =>
      app.attempt(async () => {
        try {
          await act();
        } catch (error) {
          // Whoever has left is not told about it elsewhere.
          if (!main.isConnected) return;
          if (!(error instanceof NotFetched)) throw error;
          app.say(app.text(error.key));
        }
      })();
    const form = make(
      "form",
      {},
      make("label", { for: "link" }, app.text("link")),
      address,
      make("button", { type: "submit", class: "main" }, app.text("fetchLink")),
    );
    on(form, {
      submit: (event) => {
        event.preventDefault();
        const text = address.value.trim();
        take(async () => (isOffer(text) ? openOffer(app, main, text) : asked(app, main, await ofLink(text))));
      },
    });
    on(file, {
      change: () => {
        const [chosen] = file.files ?? [];
        if (chosen !== undefined) take(async () => asked(app, main, await limited(chosen.stream())));
        file.value = "";
      },
    });
    const key = encode(app.wallet.ports.signer.publicKey.coseKey);
    main.append(
      make("h1", {}, app.text("receive")),
      scanButton(app.text("scanOffer"), () => app.replace(main, scanView({ hint: "scanOfferHint", fits: isLink, found }))) ?? "",
      form,
      make("p", {}, make("label", { for: "file" }, app.text("file")), file),
      section(app.text("deviceKey"), make("p", {}, app.text("deviceKeyWhy")), make("code", { id: "device-key" }, base64url(key))),
    );
    if (isScanned && link !== null && isOffer(link)) form.requestSubmit();
  };

function found(text: string): View {
  let isNew = true;
  return (app, main) => {
    const isScanned = isNew;
    // Drawn again, in another language, it is not asked for again.
    isNew = false;
    return receiveView(text, isScanned)(app, main);
  };
}

function isLink(text: string): boolean {
  return isOffer(text) || /^https:/i.test(text);
}

/** What to do when the holder has decided. */
export interface Ends {
  kept(): Promise<void>;
  declined(): Promise<void>;
}

/** Tries the package on a wallet that keeps nothing, and asks. Refusals come before the holder is asked anything. */
export async function asked(app: App, receiving: HTMLElement, encoded: Uint8Array, ends: Ends | null = null): Promise<void> {
  const { ports } = app.wallet;
  const storage = { load: () => ports.storage.load(), save: async () => {} };
  const trial = await Wallet.open({ ...ports, storage });
  const licence = await trial.receive(encoded);
  const { root } = packageOf(encoded);
  const region = licence.directory.iss;
  const isNew = !app.wallet.directories().some(({ iss }) => iss === region);
  app.replace(receiving, (_, main) => {
    const trust = ticked(app.text("trustRegion"));
    const fingerprint = grouped(toHex(root.thumbprint));
    const keep = app.attempt(async () => {
      if (isNew && !trust.box.checked) {
        app.say(app.text("trustFirst"));
        return trust.box.focus();
      }
      await app.wallet.receive(encoded, { root: root.thumbprint });
      app.replace(main, cardView(licence.id));
      app.say(app.text("kept", { kind: app.named(licence.kind.names) }));
      await ends?.kept();
      await navigator.storage?.persist?.();
    });
    const discard = app.attempt(async () => {
      const ended = ends?.declined();
      app.back();
      await ended;
    });
    main.append(
      make("h1", {}, app.text("keepThis")),
      make("p", { class: "kind" }, app.named(licence.kind.names)),
      make("p", {}, app.text("issuedBy", { issuer: licence.credentials[0].issued.claims.iss })),
    );
    if (isNew)
      main.append(
        make("p", { class: "caution" }, app.text("newRegion")),
        facts([
          [app.text("region"), region],
          [app.text("fingerprint"), fingerprint],
        ]),
        trust.row,
      );
    main.append(
      make("div", { class: "decide" }, button(app.text("keep"), keep, "main"), button(app.text("discard"), discard)),
    );
  });
}

async function ofLink(text: string): Promise<Uint8Array> {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) throw new NotFetched("linkWrong");
  let answer: Response;
  try {
    // Nothing that names this person goes along: no cookie, no address that it comes from.
    answer = await fetch(text, { credentials: "omit", cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
  } catch {
    throw new NotFetched("linkFailed");
  }
  if (!answer.ok || answer.body === null) throw new NotFetched("linkFailed");
  return limited(answer.body);
}

async function limited(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const content = await bounded(stream, MAX_BYTES).catch(() => {
    throw new NotFetched("linkFailed");
  });
  if (content.length > MAX_BYTES) throw new NotFetched("tooLarge");
  return content;
}
