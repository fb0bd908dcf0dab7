/** What a holder looks after: the pack, with the nearest offices, and the history. */

export { History, type HistoryStorage } from "./history.ts";
export type { Office, Place, Point } from "./directory.ts";
export { metres, nearest } from "./nearest.ts";
export * from "./pack.ts";
// As in `openid4vci`: nobody has this module without the wallet, and said here, both are bundled in fewer pieces.
export { Wallet } from "./wallet.ts";
