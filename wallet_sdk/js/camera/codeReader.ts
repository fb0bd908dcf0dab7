/**
 * Reads codes with the camera of a browser.
 *
 * Guaranteed: the camera is let go however the reading ends; each text is given once per sighting; the reader is loaded
 * only here, from the page's own origin. Pictures are looked at only when somebody waits for the next text, and are
 * never kept. Not handled here: what the texts say.
 */

import { CameraError, openCamera } from "./camera.ts";
import { Sightings } from "./sightings.ts";

export { CameraError, type CameraProblem } from "./camera.ts";

/**
 * The texts of the QR codes that come before the camera, until the signal aborts.
 *
 * The page's policy has to allow `script-src 'wasm-unsafe-eval'` and `connect-src 'self'`.
 *
 * @param video - Shows the picture, so that people can aim; it needs to be in the document.
 * @throws {CameraError} There is no picture any more, or nothing that reads it; `problem` says why.
 */
export async function* readCodes(
  video: HTMLVideoElement,
  { signal }: { readonly signal: AbortSignal },
): AsyncIterable<string> {
  if (signal.aborted) return;
  const loading = loadReader();
  // Nobody may be waiting for it yet when it fails; who waits below hears of it.
  loading.catch(() => {});
  const camera = await openCamera(video, signal).catch((error: unknown) => {
    if (signal.aborted) return null;
    throw error;
  });
  if (camera === null) return;
  try {
    const { textsIn } = await loading;
    const [sightings, picture] = [new Sightings(), new Picture()];
    for (let at = await camera.nextFrame(); at !== null; at = await camera.nextFrame()) {
      const seen = picture.of(video);
      if (seen === null) continue;
      for (const text of sightings.fresh(await textsIn(seen), at)) {
        if (signal.aborted) return;
        yield text;
      }
    }
  } finally {
    camera.close();
  }
}

async function loadReader(): Promise<typeof import("./frameReader.ts")> {
  try {
    const reader = await import("./frameReader.ts");
    await reader.load();
    return reader;
  } catch (error) {
    throw new CameraError("reader", `what reads codes could not be loaded: ${String(error)}`);
  }
}

/** One canvas for all pictures of a camera. */
class Picture {
  readonly #drawing = document.createElement("canvas").getContext("2d", { willReadFrequently: true })!;

  of(video: HTMLVideoElement): ImageData | null {
    const [width, height] = [video.videoWidth, video.videoHeight];
    if (width === 0 || height === 0) return null;
    const { canvas } = this.#drawing;
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    this.#drawing.drawImage(video, 0, 0);
    return this.#drawing.getImageData(0, 0, width, height);
  }
}
