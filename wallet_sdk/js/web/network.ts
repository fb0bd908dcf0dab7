/** The page's one way to issuers: no cookie, no address that it comes from, no redirect, and an end after half a minute. */

import { overFetch } from "../src/openid4vci/overFetch.ts";
import type { Transport } from "../src/openid4vci/transport.ts";

export const PATIENCE = 30_000;

export const transport: Transport = overFetch(
  (url, options) => fetch(url, options),
  () => AbortSignal.timeout(PATIENCE),
);
