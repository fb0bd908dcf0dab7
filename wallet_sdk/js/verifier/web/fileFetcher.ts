/** Fetches a file of a published folder: no redirects, no cookies, and no more bytes than any such file may have. */

import { concat } from "../../src/bytes.ts";
import type { FetchFile } from "../fetching.ts";

const MAX_BYTES = 67_108_864;

/** No network, no answer that is one, or more of it than any such file has. */
export class Unreachable extends Error {}

/** null where the address is none that may be fetched from: https, or the page's own origin. */
export function fileFetcher(address: string, page: string): FetchFile | null {
  let folder: URL;
  try {
    folder = new URL(address.endsWith("/") ? address : `${address}/`);
  } catch {
    return null;
  }
  if (folder.protocol !== "https:" && folder.origin !== new URL(page).origin) return null;
  return async (name) => {
    try {
      return await read(new URL(name, folder));
    } catch (error) {
      throw new Unreachable(`${name}: ${String(error)}`);
    }
  };
}

async function read(address: URL): Promise<Uint8Array | null> {
  const options = { cache: "no-store", credentials: "omit", redirect: "error", referrerPolicy: "no-referrer" } as const;
  const response = await fetch(address, options);
  if (response.status === 404) return null;
  if (!response.ok || response.body === null) throw new Error(`status ${response.status}`);
  const [parts, reader] = [[] as Uint8Array[], response.body.getReader()];
  let size = 0;
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    size += next.value.length;
    if (size > MAX_BYTES) throw new Error("too long");
    parts.push(next.value);
  }
  return concat(...parts);
}
