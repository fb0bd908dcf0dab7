/**
 * Receives by an offer: who offers what, the transaction code, then the same checks and the same question as for any licence.
 *
 * What the issuer owes from the code on is kept (`wallet.records().waiting`): an answer that is lost, a page that is closed
 * and a review that takes days all end in the pack's list of what waits, and go on from there.
 */

import type { Waiting } from "../src/issuerRecords.ts";
import { collect, Delivery, drop, type Event, redeem } from "../src/openid4vci/accepting.ts";
import { type IssuerMetadata, issuerMetadata } from "../src/openid4vci/issuers.ts";
import { OfferError } from "../src/openid4vci/offerError.ts";
import { type Offer, readOffer } from "../src/openid4vci/offers.ts";
import { checked } from "../src/openid4vci/transport.ts";
import { isText } from "../src/claims.ts";
import { WalletError } from "../src/walletError.ts";
import type { App, View } from "./app.ts";
import { button, facts, make, on } from "./elements.ts";
import { transport } from "./network.ts";
import { asked } from "./receiveView.ts";
import { CHANGED } from "./upkeep.ts";

const MAX_KIND_BYTES = 64;

export function isOffer(text: string): boolean {
  return /^(openid-credential-offer|haip):/i.test(text.trim());
}

/** Reads an offer that the holder has opened, and shows it. Only public documents are asked for. */
export async function openOffer(app: App, receiving: HTMLElement, link: string): Promise<void> {
  app.say(app.text("asking"));
  const offer = await readOffer(link, transport);
  const metadata = await issuerMetadata(offer.issuer, transport);
  metadata.demandKind(offer.kind);
  app.replace(receiving, offerView(offer, metadata));
}

function offerView(offer: Offer, metadata: IssuerMetadata): View {
  const { txCode } = offer;
  // Of the offer, not of one drawing of its page: another language must not redeem it again.
  let waiting: Waiting | null = null;
  let isAsking = false;
  return (app, main) => {
    const typed = make("input", {
      id: "tx-code", class: "digits", type: "text", autocomplete: "one-time-code", spellcheck: "false",
      inputmode: txCode?.isNumeric === false ? "text" : "numeric",
    }); // prettier-ignore
    const form = make("form");
    if (txCode !== null) form.append(make("label", { for: "tx-code" }, app.text("txCode")), typed);
    form.append(
      make(
        "div",
        { class: "decide" },
        make("button", { type: "submit", class: "main" }, app.text("acceptOffer")),
        button(app.text("cancel"), () => app.back()),
      ),
    );
    on(form, {
      submit: (event) => {
        event.preventDefault();
        if (isAsking) return;
        isAsking = true;
        void attempted(app, main, async () => {
          app.say(app.text("asking"));
          // Full-width digits are what some keyboards give.
          const code = txCode === null ? null : typed.value.normalize("NFKC").replace(/\s/g, "");
          waiting ??= await redeem(app.wallet, offer, metadata, transport, code);
          dispatchEvent(new CustomEvent(CHANGED));
          await goOn(app, main, waiting, metadata);
        }).then(() => {
          isAsking = false;
        });
      },
    });
    const name = metadata.nameOf(offer.kind, app.language) ?? kindName(app, offer.kind);
    main.append(
      make("h1", {}, app.text("offered")),
      facts([
        [app.text("offeredBy"), checked(offer.issuer).authority],
        [app.text("offeredKind"), name],
      ]),
      make("p", { class: "caution" }, app.text("offerUnverified")),
      form,
    );
  };
}

/** What an issuer owes: whether somebody looks at it first, asking again, giving it up. */
export const waitingView =
  (waiting: Waiting, metadata: IssuerMetadata | null = null): View =>
  (app, main) => {
    const giveUp = app.attempt(async () => {
      await drop(app.wallet, waiting);
      app.back();
    });
    const ask = () =>
      void attempted(app, main, async () => {
        app.say(app.text("asking"));
        await goOn(app, main, waiting, await issuerMetadata(waiting.issuer, transport));
      });
    main.append(
      make("h1", {}, app.text("waiting")),
      facts([
        [app.text("offeredBy"), checked(waiting.issuer).authority],
        [app.text("offeredKind"), metadata?.nameOf(waiting.kind, app.language) ?? kindName(app, waiting.kind)],
      ]),
      make("p", {}, app.text(waiting.transactionId === null ? "waitsForYou" : "waitsForReview")),
      make("div", { class: "decide" }, button(app.text("askAgain"), ask, "main"), button(app.text("giveUp"), giveUp)),
    );
  };

/** The name of a kind that a region here knows; else the issuer's word for it. */
export function kindName(app: App, slug: string): string {
  const known = app.wallet.directories().flatMap(({ kinds }) => [...kinds.values()].filter((kind) => kind.slug === slug));
  const [kind] = known;
  if (kind !== undefined) return app.named(kind.names);
  return isText(slug, MAX_KIND_BYTES) ? slug : app.text("unnamedKind");
}

async function goOn(app: App, main: HTMLElement, waiting: Waiting, metadata: IssuerMetadata): Promise<void> {
  const came = await collect(app.wallet, waiting, metadata, transport);
  if (!(came instanceof Delivery)) return app.replace(main, waitingView(came, metadata));
  const end = async (event: Event) => {
    await came.end(app.wallet, event, transport);
    dispatchEvent(new CustomEvent(CHANGED));
  };
  try {
    await asked(app, main, came.encoded, {
      kept: () => end("credential_accepted"),
      declined: () => end("credential_deleted"),
    });
  } catch (error) {
    if (error instanceof WalletError) await end("credential_failure");
    throw error;
  }
}

/** Runs what asks an issuer. Why it failed is said, unless its page has been left. */
async function attempted(app: App, main: HTMLElement, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!main.isConnected && error instanceof WalletError) return;
    const isGrant = error instanceof OfferError && error.code === "ISSUER_REFUSED" && error.detail === "invalid_grant";
    if (isGrant) app.say(app.text("grantRefused"));
    else app.complain(error);
  }
}
