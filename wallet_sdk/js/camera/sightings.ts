/**
 * Which of the texts that a camera sees are new: each counts once for as long as it stays before the camera.
 *
 * A code that a hand moves is unreadable in some frames. It is gone only when nothing was read of it for a while; then
 * the same text is a sighting of its own again.
 */

export const GONE_AFTER_MS = 1_000;

export class Sightings {
  readonly #lastSeen = new Map<string, number>();

  /** Those of the texts that came into view with this frame; `at` in milliseconds of any clock that only counts. */
  fresh(texts: readonly string[], at: number): readonly string[] {
    for (const [text, seen] of this.#lastSeen) if (at - seen > GONE_AFTER_MS) this.#lastSeen.delete(text);
    const found = [...new Set(texts)].filter((text) => !this.#lastSeen.has(text));
    for (const text of texts) this.#lastSeen.set(text, at);
    return found;
  }
}
