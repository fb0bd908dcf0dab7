/**
 * The clock of the device, which nobody but a person can confirm here.
 *
 * Until somebody has compared it in this session, and as soon as it has jumped against a clock that only counts, it is
 * taken for as wrong as a day: then no verdict is better than "check".
 */

import type { Clock } from "../context.ts";

const [CONFIRMED_SECONDS, UNCONFIRMED_SECONDS] = [20, 86_400] as const;
/** A jump that leaves what was confirmed true enough. */
const MOST_JUMP_MS = 5_000;

export class DeviceClock {
  #confirmed: number | null = null;

  /** Both in milliseconds: the wall's time, and a clock that only counts. */
  constructor(
    private readonly wall: () => number,
    private readonly counting: () => number,
  ) {}

  confirm(): void {
    this.#confirmed = this.#difference;
  }

  get isConfirmed(): boolean {
    if (this.#confirmed !== null && Math.abs(this.#difference - this.#confirmed) > MOST_JUMP_MS) this.#confirmed = null;
    return this.#confirmed !== null;
  }

  /** Unix seconds. */
  get at(): number {
    return Math.floor(this.wall() / 1_000);
  }

  get reading(): Clock {
    return { at: this.at, uncertainty: this.isConfirmed ? CONFIRMED_SECONDS : UNCONFIRMED_SECONDS, plausible: true };
  }

  get #difference(): number {
    return this.wall() - this.counting();
  }
}
