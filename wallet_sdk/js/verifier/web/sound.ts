/** Sounds told apart by rhythm, not by pitch alone, as at a terminal; off until somebody switches them on. */

import type { VerdictClass } from "../verdict.ts";

const RHYTHMS: Readonly<Record<VerdictClass, readonly number[]>> = {
  accept: [0.28],
  check: [0.12, 0.12],
  refuse: [0.07, 0.07, 0.07],
  not_read: [0.05, 0.2],
};
const GAP_SECONDS = 0.1;

export class Sound {
  #context: AudioContext | null = null;

  get isOn(): boolean {
    return this.#context !== null;
  }

  /** Browsers allow sound only after a key or a click, so this is called from the switch itself. */
  toggle(): void {
    if (this.#context === null) this.#context = new AudioContext();
    else {
      void this.#context.close();
      this.#context = null;
    }
  }

  play(verdict: VerdictClass): void {
    const context = this.#context;
    if (context === null) return;
    let start = context.currentTime + 0.02;
    for (const length of RHYTHMS[verdict]) {
      const [tone, volume] = [context.createOscillator(), context.createGain()];
      tone.frequency.value = 660;
      volume.gain.value = 0.15;
      tone.connect(volume).connect(context.destination);
      tone.start(start);
      tone.stop(start + length);
      start += length + GAP_SECONDS;
    }
  }
}
