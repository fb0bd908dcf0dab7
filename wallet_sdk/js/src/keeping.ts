/** What a holder looks after: the pack and the history. */

export { History, type HistoryStorage } from "./history.ts";
export * from "./pack.ts";
// As in `openid4vci`: nobody has this module without the wallet, and said here, both are bundled in fewer pieces.
export { Wallet } from "./wallet.ts";
