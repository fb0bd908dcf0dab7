/** Fetches a region's published files from its folder: documents, checkpoint, and what leads on from what is held. */

import { fromUtf8 } from "../src/bytes.ts";
import { decode, isArray, isBytes, isMap, MAX_DOCUMENT_ITEMS, Tagged, type Value } from "../src/cbor.ts";
import { type Entries, isPublished } from "./feedBundle.ts";
import { lacking, type Material, type Ports } from "./material.ts";
import { broken } from "./materialError.ts";

const DOCUMENTS = ["root.cbor", "trust.cbor", "catalogue.cbor", "policy.cbor"];
const FEED = ["feed.cbor", "feed/checkpoint.cwt"];
const AGGREGATION = "status/aggregation.json";
/** Two days of minutes: who was away for longer takes a bundle, or the region's next base. */
const MOST_FILES = 2_880;
const AT_ONCE = 12;
/** docs/spec/manifest.md */
const [MANIFEST, CO_SIGNATURE] = [-70_036, 5] as const;

/** The bytes of a file; null where there is none. @throws For everything else, such as no network. */
export type FetchFile = (name: string) => Promise<Uint8Array | null>;

/** The documents and the checkpoint, which are all that is needed to see whose they are. */
export async function fetchDocuments(file: FetchFile): Promise<Entries> {
  return fetched(file, [...DOCUMENTS, ...FEED]);
}

/** Everything that `take` needs. */
export async function fetchRest(
  documents: Entries,
  root: string,
  held: Material | null,
  at: number,
  ports: Ports,
  file: FetchFile,
): Promise<Entries> {
  const names = documents.has("feed.cbor") ? await lacking(documents, root, held, at, ports) : await tokens(file);
  const statements = documents.has("feed.cbor") ? await coSignatures(file) : [];
  if (names.length > MOST_FILES) broken("missing", `${names.length} files are too many to fetch one by one`);
  return new Map([...documents, ...(await fetched(file, [...names, ...statements]))]);
}

async function fetched(file: FetchFile, names: readonly string[]): Promise<Entries> {
  const entries = new Map<string, Uint8Array>();
  for (let begin = 0; begin < names.length; begin += AT_ONCE) {
    const part = names.slice(begin, begin + AT_ONCE);
    const contents = await Promise.all(part.map(file));
    part.forEach((name, at) => {
      const content = contents[at]!;
      if (content !== null && isPublished(name, content.length)) entries.set(name, content);
    });
  }
  return entries;
}

/** The lists that the region has, by its unsigned aggregation: a list that is missing there is one without an answer. */
async function tokens(file: FetchFile): Promise<readonly string[]> {
  const content = await file(AGGREGATION);
  if (content === null) return [];
  const found = (fromUtf8(content) ?? "").matchAll(/"lz:[0-9]{6}\/(0|[1-9][0-9]{0,5})"/g);
  return [...found].map((each) => `status/${each[1]}.cwt`);
}

/**
 * Statements of the offline key, by the names that the manifest lists.
 *
 * It is read as a list of where to look and nothing else: each statement is checked by its own signature, and without
 * one a co-signed change is refused.
 */
async function coSignatures(file: FetchFile): Promise<readonly string[]> {
  const content = await file("feed/manifest.cwt");
  const whole = content && readable(content);
  const payload = whole instanceof Tagged && isArray(whole.value) && isBytes(whole.value[2]) ? readable(whole.value[2]) : null;
  const [epoch, entries] = isMap(payload ?? undefined) ? asArray((payload as ReadonlyMap<unknown, Value>).get(MANIFEST)) : [];
  const found = asArray(entries).map(asArray).filter(([kind]) => kind === CO_SIGNATURE);
  return found.map(([, first, last]) => `feed/co-signature-${String(epoch)}-${String(first)}-${String(last)}`);
}

function readable(content: Uint8Array): Value {
  try {
    return decode(content, MAX_DOCUMENT_ITEMS);
  } catch {
    return null;
  }
}

function asArray(value: Value | undefined): readonly Value[] {
  return isArray(value) ? value : [];
}
