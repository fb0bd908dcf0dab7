/** A transport over `fetch`, for browsers: bounded in size and time, never redirected, with nothing that names its holder. */

import { concat } from "../bytes.ts";
import { type Answer, MAX_ANSWER_BYTES, type Transport } from "./transport.ts";

/** The part of `fetch` that is used; given by the page, so that nothing here names one. */
export type Fetch<Signal> = (url: string, options: FetchOptions<Signal>) => Promise<Fetched>;

export interface FetchOptions<Signal> {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer>;
  readonly redirect: "manual";
  readonly credentials: "omit";
  readonly cache: "no-store";
  readonly referrerPolicy: "no-referrer";
  readonly signal: Signal;
}

interface Fetched {
  readonly status: number;
  readonly body: { getReader(): Reader } | null;
}

interface Reader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  cancel(): Promise<unknown>;
}

/** `timeout` gives a signal for each request that ends it: `() => AbortSignal.timeout(30_000)`. */
export function overFetch<Signal>(fetch: Fetch<Signal>, timeout: () => Signal): Transport {
  return async ({ url, headers, body }): Promise<Answer> => {
    const answer = await fetch(url, {
      method: body === null ? "GET" : "POST",
      headers,
      ...(body !== null && { body: body as Uint8Array<ArrayBuffer> }),
      // A redirect comes as an answer of status 0 without a body, which says neither yes nor no.
      redirect: "manual",
      credentials: "omit",
      cache: "no-store",
      referrerPolicy: "no-referrer",
      signal: timeout(),
    });
    return { status: answer.status, body: answer.body === null ? new Uint8Array() : await bounded(answer.body, MAX_ANSWER_BYTES) };
  };
}

/** What comes, but no more than so many bytes and what arrived with the last of them. */
export async function bounded(stream: { getReader(): Reader }, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const reader = stream.getReader();
  const parts: Uint8Array[] = [];
  for (let size = 0; size <= maxBytes; ) {
    const { done, value } = await reader.read();
    if (done || value === undefined) return concat(...parts) as Uint8Array<ArrayBuffer>;
    parts.push(value);
    size += value.length;
  }
  void reader.cancel().catch(() => {});
  return concat(...parts) as Uint8Array<ArrayBuffer>;
}
