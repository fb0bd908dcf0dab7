/** What a holder looks after: the pack and the history. */

export { History, type HistoryStorage } from "./history.ts";
export * from "./pack.ts";
