/**
 * The way to the state that a checkpoint signs: by deltas from what is held, or from the base that the root has named.
 *
 * The order of checks is that of docs/spec/delta.md and checkpoint.md: the whole way is hashed before anything of it is
 * parsed; a final status changes only by a delta that the offline key has signed; at the end the root is the signed one.
 */

import { equal, toHex } from "../src/bytes.ts";
import type { Curves } from "../src/curves.ts";
import type { TrustList } from "../src/trust.ts";
import { type Checkpoint, type FeedDocument, verifyReversal } from "./checkpoint.ts";
import { decodeDelta, type Delta, deltaHash, nextHead } from "./delta.ts";
import type { Entries } from "./feedBundle.ts";
import { broken, signed } from "./materialError.ts";
import { baseOf, checkAgainst, fold, type List, rootOf } from "./regionState.ts";

/** `revocation/lint.py`: what a delta may change, and an hour and a day. What was taken in before is not remembered here. */
const [MAX_PER_DELTA, MAX_LISTS_PER_DELTA] = [20_000, 64] as const;
const WINDOWS = [[3_600, 50_000], [86_400, 200_000]] as const;
/** More files than a bundle may have. */
const MAX_WAY = 65_536;

/** A state, and the checkpoint that has signed it. */
export interface FeedState {
  readonly checkpoint: Checkpoint;
  readonly lists: readonly List[];
}

/** Whether the way to this end goes on from what is held; else it begins with the root's base. */
export function goesOn(held: FeedState | null, feed: FeedDocument, end: number): held is FeedState {
  const position = held?.checkpoint.position;
  return position !== undefined && position.epoch === feed.epoch && position.seq >= feed.base.seq && position.seq <= end;
}

/** The names of the deltas after this one, up to the checkpoint. */
export function deltasAfter(from: number, { position: { epoch, seq } }: Checkpoint): readonly string[] {
  if (seq - from > MAX_WAY) broken("missing", `${seq - from} deltas`);
  return Array.from({ length: Math.max(0, seq - from) }, (_, n) => `feed/delta-${epoch}-${from + 1 + n}`);
}

export async function stateAt(
  its: Checkpoint,
  feed: FeedDocument,
  held: FeedState | null,
  entries: Entries,
  trust: TrustList,
  at: number,
  curves: Curves,
): Promise<FeedState> {
  if (its.position.epoch !== feed.epoch) broken("feed-broken", "feed document and checkpoint are of two epochs");
  if (held !== null) checkSuccession(held.checkpoint, its);
  const { region, epoch, seq: end } = its.position;
  const isOn =
    goesOn(held, feed, end) && deltasAfter(held.checkpoint.position.seq, its).every((name) => entries.has(name));
  const start = isOn
    ? { seq: held.checkpoint.position.seq, head: held.checkpoint.head, lists: held.lists.map(copied) }
    : { seq: feed.base.seq, ...baseOf(fileOf(entries, `feed/base-${epoch}-${feed.base.seq}`), feed.base, its.position) };
  const bodies = deltasAfter(start.seq, its).map((name) => fileOf(entries, name));
  const hashes = bodies.map((body, n) => deltaHash({ region, epoch, seq: start.seq + 1 + n }, body));
  if (start.seq > end || !equal(hashes.reduce(nextHead, start.head), its.head))
    broken("feed-broken", "the deltas lead to another head than the signed one");
  const reversals = await reversalsIn(entries, trust, its, at, curves);
  const coSigned: Delta[] = [];
  let onTheWay = 0;
  bodies.forEach((body, n) => {
    const changes = decodeDelta(body);
    const isCoSigned = reversals.has(`${start.seq + 1 + n} ${toHex(hashes[n]!)}`);
    const before = start.lists.length;
    const changed = fold(start.lists, changes, isCoSigned);
    if (isCoSigned) return coSigned.push(changes);
    const lists = start.lists.length - before + changes.retired.length;
    onTheWay += changed;
    if (changed > MAX_PER_DELTA || lists > MAX_LISTS_PER_DELTA)
      broken("too-much", `${changed} statuses and ${lists} lists change at once`);
  });
  const reached = { checkpoint: its, lists: start.lists };
  checkRoot(reached);
  if (held !== null) {
    const count = isOn ? onTheWay : checkAgainst(held.lists, start.lists, coSigned);
    checkWindows(count, held.checkpoint.iat, its.iat);
  }
  return reached;
}

/** Who was away for longer than a window may take as much as the windows that were missed. */
function checkWindows(count: number, since: number, until: number): void {
  for (const [window, most] of WINDOWS)
    if (count > most * Math.max(1, Math.ceil((until - since) / window)))
      broken("too-much", `${count} statuses change within ${window / 3_600} hours`);
}

/** Refuses a state that is not the signed one. */
export function checkRoot({ checkpoint, lists }: FeedState): void {
  if (lists.length !== checkpoint.lists || !equal(rootOf(checkpoint.position.region, lists), checkpoint.stateRoot))
    broken("feed-broken", "the state that came out is not the signed one");
}

/** The order is (epoch, seq, iat) and never goes back; two states at one place are two histories. */
function checkSuccession(old: Checkpoint, its: Checkpoint): void {
  const [a, b] = [old.position, its.position];
  const isSamePlace = a.epoch === b.epoch && a.seq === b.seq;
  if (isSamePlace && !(equal(old.head, its.head) && equal(old.stateRoot, its.stateRoot)))
    broken("two-histories", "one place in the feed, two states");
  if (b.epoch < a.epoch || (b.epoch === a.epoch && b.seq < a.seq) || (isSamePlace && its.iat < old.iat))
    broken("older", "what is held of the feed is newer");
}

/** The deltas of this epoch that the offline key has signed: `<seq> <hash>`. */
async function reversalsIn(
  entries: Entries,
  trust: TrustList,
  { position }: Checkpoint,
  at: number,
  curves: Curves,
): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (const [name, encoded] of entries) {
    if (!name.startsWith("feed/co-signature-")) continue;
    const its = await signed(name, () => verifyReversal(encoded, trust, position.region, at, curves));
    if (its.position.epoch === position.epoch) found.add(`${its.position.seq} ${toHex(its.deltaHash)}`);
  }
  return found;
}

function copied(list: List): List {
  return list instanceof Uint8Array ? list.slice() : list;
}

function fileOf(entries: Entries, name: string): Uint8Array {
  return entries.get(name) ?? broken("missing", name);
}
