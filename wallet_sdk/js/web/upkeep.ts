/** Asks every issuer here what has changed, and for new credentials where a quarter of their life is over. */

import type { HeldLicence } from "../src/heldLicence.ts";
import { fresh, issuersOf, notices } from "../src/openid4vci/later.ts";
import { WalletError } from "../src/walletError.ts";
import type { App } from "./app.ts";
import { transport } from "./network.ts";

/** The pack listens to it: something is otherwise than when it was drawn. */
export const CHANGED = "wallet-changed";
/** The issuer gives new ones from then on (docs/spec/issuing.md). */
const REFRESHED_AFTER = 4;

/** Why the first that could not be asked was not; null: all were. */
export async function upkeep(app: App): Promise<WalletError | null> {
  const { wallet } = app;
  const failures: WalletError[] = [];
  const attempt = async (act: () => Promise<void>) => {
    try {
      await act();
    } catch (error) {
      if (!(error instanceof WalletError)) throw error;
      failures.push(error);
    }
  };
  for (const issuer of issuersOf(wallet))
    await attempt(async () => {
      if ((await notices(wallet, issuer, transport)).length > 0) dispatchEvent(new Event(CHANGED));
    });
  for (const card of wallet.cards().filter((each) => isDue(app, each)))
    await attempt(async () => {
      const encoded = await fresh(wallet, card, transport);
      // A consent that is being given is for the credentials that it was asked for with; next time, then.
      if (!app.isAtStart) return;
      await wallet.receive(encoded);
      dispatchEvent(new Event(CHANGED));
    });
  return failures[0] ?? null;
}

function isDue({ wallet, now }: App, licence: HeldLicence): boolean {
  const { iat, exp } = licence.credentials[0].issued.claims;
  const isInForce = ["valid", "expiring", "needs-refresh"].includes(wallet.state(licence));
  return licence.refreshUrl !== null && isInForce && now() >= iat + Math.floor((exp - iat) / REFRESHED_AFTER);
}
