/**
 * The ladder: a few codes signed ahead, for a screen that must go on rolling without asking the key again.
 *
 * At most ten rungs and five minutes. Each has a moment of its own and is handed out only when that has come. They stand
 * in memory alone, in private fields that nothing serialises, and are let go of when the showing is closed or the clock
 * set. Whoever could read this memory could show rungs until they end, so a ladder answers no terminal's request.
 */

import { type Frame, type Moments, openTo, type Showing } from "./showing.ts";
import { refusal } from "./showingErrors.ts";

export const MAX_RUNGS = 10;
/** Seconds. */
const MAX_AHEAD = 300;
/** Seconds: one clock counts whole seconds, and time servers correct by fractions; a person sets a clock by more. */
const CLOCKS_MAY_DIFFER = 2;

/** One code, from when on it may be seen, and whether its moment is this wallet's already. */
interface Rung {
  readonly frame: Frame;
  readonly dueAt: number;
  readonly isTaken: boolean;
}

/** `elapsed`: seconds by a clock that nobody can set, such as `() => performance.now() / 1000`. */
export async function ladder(
  showing: Showing,
  options: { readonly elapsed: () => number; readonly rungs?: number },
): Promise<Ladder> {
  const { elapsed, rungs = MAX_RUNGS } = options;
  const { signer, addressee, every, now: clock, moments, members } = showing.opened;
  if (signer.authorisation !== "session") throw refusal("LADDER_NEEDS_SESSION");
  if (addressee.cnonce !== null || addressee.audience !== openTo(addressee.purpose).audience) throw refusal("LADDER_FOR_REQUEST");
  if (!(Number.isInteger(rungs) && rungs >= 1 && rungs <= MAX_RUNGS && rungs * every <= MAX_AHEAD))
    throw refusal("LADDER_TOO_LONG", `${rungs} rungs, ${rungs * every} s`);
  const [now, begunElapsed] = [clock(), elapsed()];
  const first = moments.take(now);
  const end = Math.min(...members.map(({ selection }) => selection.credential.issued.claims.exp));
  const made: Rung[] = [];
  for (let moment = first; moment < first + rungs * every && (moment === first || moment < end); moment += every) {
    const isTaken = moment === first;
    made.push({ frame: showing.draw(await showing.sign(moment, true)), dueAt: isTaken ? now : moment, isTaken });
  }
  const its = new Ladder(made, { clock, elapsed, begunAt: now, begunElapsed, moments });
  showing.atEnd(() => its.close());
  return its;
}

export class Ladder {
  readonly #its: Clocks;
  #rungs: Rung[];
  #shown: Frame | null = null;

  /** @internal Made by `ladder`. */
  constructor(rungs: readonly Rung[], its: Clocks) {
    this.#rungs = [...rungs];
    this.#its = its;
  }

  /** How many rungs are still to come. */
  get length(): number {
    return this.#rungs.length;
  }

  /** The rung whose time it is. */
  async frame(): Promise<Frame> {
    const { clock, elapsed, begunAt, begunElapsed, moments } = this.#its;
    const now = clock();
    if (Math.abs(now - begunAt - (elapsed() - begunElapsed)) > CLOCKS_MAY_DIFFER) {
      // Set forward, it would give out what is to be seen later; set back, what was seen already.
      this.close();
      throw refusal("LADDER_WIPED");
    }
    while (this.#rungs.length > 0 && this.#rungs[0]!.dueAt <= now) {
      const { frame, isTaken } = this.#rungs.shift()!;
      // Another showing of this wallet may have had this very second; then the rung before stands until its end.
      if (now < frame.nextAt && (isTaken || moments.take(frame.issuedAt) === frame.issuedAt)) this.#shown = frame;
    }
    if (this.#shown === null || now >= this.#shown.expiresAt) {
      this.close();
      throw refusal("LADDER_OVER");
    }
    return this.#shown;
  }

  /** Lets go of every rung; may be called twice. */
  close(): void {
    this.#rungs = [];
    this.#shown = null;
  }
}

interface Clocks {
  readonly clock: () => number;
  readonly elapsed: () => number;
  readonly begunAt: number;
  readonly begunElapsed: number;
  readonly moments: Moments;
}
