/** Receives a licence: from a link or a file; every check is made, then the holder is asked, and only then it is kept. */

import { toHex } from "../src/bytes.ts";
import { encode } from "../src/cbor.ts";
import { packageOf } from "../src/receiving.ts";
import { Wallet } from "../src/wallet.ts";
import type { App, View } from "./app.ts";
import { cardView } from "./cardView.ts";
import { grouped } from "./cards.ts";
import { button, facts, make, on, section, ticked } from "./elements.ts";
import type { Key } from "./texts.ts";

/** A package is smaller (docs/spec/licence-package.md). */
const MAX_BYTES = 262_144;
const PATIENCE = 30_000;

/** What cannot be fetched, by the text that says why. */
class NotFetched extends Error {
  constructor(readonly key: Key) {
    super(key);
  }
}

/** `link` is only filled in: a page that leads here has nothing fetched before the holder says so. */
export const receiveView =
  (link: string | null): View =>
  (app, main) => {
    const address = make("input", { id: "link", type: "text", inputmode: "url", autocomplete: "off", spellcheck: "false", value: link ?? "" });
    const file = make("input", { id: "file", type: "file" });
    const take = (fetched: () => Promise<Uint8Array>) =>
      app.attempt(async () => {
        try {
          await asked(app, main, await fetched());
        } catch (error) {
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
        take(() => ofLink(address.value.trim()));
      },
    });
    on(file, {
      change: () => {
        const [chosen] = file.files ?? [];
        if (chosen !== undefined) take(() => limited(chosen.stream()));
        file.value = "";
      },
    });
    const key = encode(app.wallet.ports.signer.publicKey.coseKey);
    main.append(
      make("h1", {}, app.text("receive")),
      form,
      make("p", {}, make("label", { for: "file" }, app.text("file")), file),
      section(app.text("deviceKey"), make("p", {}, app.text("deviceKeyWhy")), make("code", { id: "device-key" }, base64url(key))),
    );
  };

/** Tries the package on a wallet that keeps nothing, and asks. Refusals come before the holder is asked anything. */
async function asked(app: App, receiving: HTMLElement, encoded: Uint8Array): Promise<void> {
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
      await navigator.storage?.persist?.();
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
      make("div", { class: "decide" }, button(app.text("keep"), keep, "main"), button(app.text("discard"), () => app.back())),
    );
  });
}

async function ofLink(text: string): Promise<Uint8Array> {
  if (/^(openid-credential-offer|haip):/i.test(text)) throw new NotFetched("offerNotYet");
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
  const reader = stream.getReader();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read().catch(() => {
      throw new NotFetched("linkFailed");
    });
    if (done) return new Uint8Array(await new Blob(parts).arrayBuffer());
    size += value.length;
    if (size > MAX_BYTES) {
      void reader.cancel();
      throw new NotFetched("tooLarge");
    }
    parts.push(new Uint8Array(value));
  }
}

function base64url(content: Uint8Array): string {
  return btoa(String.fromCharCode(...content)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}
