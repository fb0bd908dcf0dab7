/** A camera's picture in a video element, and why there is none: each reason has its own name. */

/**
 * - `insecure`: the page came over http, so that the browser gives no camera;
 * - `none`: this device has no camera;
 * - `denied`: the person, or a rule of the browser, does not allow it;
 * - `in-use`: it is there, and another program has it;
 * - `lost`: it was there, and was pulled out or taken away;
 * - `reader`: the camera is fine, and what reads codes could not be loaded;
 * - `failed`: the browser says something else; the message holds its words.
 */
export type CameraProblem = "insecure" | "none" | "denied" | "in-use" | "lost" | "reader" | "failed";

export class CameraError extends Error {
  constructor(
    readonly problem: CameraProblem,
    message: string,
  ) {
    super(message);
    this.name = "CameraError";
  }
}

/** Names of Media Capture and Streams section 10.6, and what they come to here. */
const PROBLEMS: Readonly<Record<string, CameraProblem>> = {
  NotFoundError: "none",
  OverconstrainedError: "none",
  NotAllowedError: "denied",
  SecurityError: "denied",
  NotReadableError: "in-use",
  AbortError: "in-use",
};

/** Wide enough for a dense code at arm's length; the camera at the back where there are two. */
const WISHES = { audio: false, video: { facingMode: "environment", width: { ideal: 1280 }, height: { ideal: 720 } } };

/**
 * Opens a camera and plays it in this element, until `close` or until the signal aborts.
 *
 * @throws {CameraError} There is no picture, and why.
 * @throws The signal's reason, if it aborted meanwhile.
 */
export async function openCamera(video: HTMLVideoElement, signal: AbortSignal): Promise<Camera> {
  signal.throwIfAborted();
  // Secure Contexts: without one there is no `mediaDevices` at all.
  if (!isSecureContext || navigator.mediaDevices === undefined)
    throw new CameraError("insecure", "a page that did not come over https gets no camera");
  const stream = await navigator.mediaDevices.getUserMedia(WISHES).catch((error: unknown) => {
    throw problemOf(error);
  });
  const camera = new Camera(video, stream, signal);
  try {
    signal.throwIfAborted();
    await camera.play();
    return camera;
  } catch (error) {
    camera.close();
    throw error;
  }
}

export class Camera {
  #isLost = false;
  readonly #track: MediaStreamTrack;
  readonly #stop = () => this.close();

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly stream: MediaStream,
    private readonly signal: AbortSignal,
  ) {
    this.#track = stream.getVideoTracks()[0]!;
    this.#track.addEventListener("ended", () => (this.#isLost = true));
    signal.addEventListener("abort", this.#stop);
  }

  async play(): Promise<void> {
    this.video.muted = true;
    this.video.playsInline = true;
    this.video.srcObject = this.stream;
    await this.video.play().catch((error: unknown) => {
      this.signal.throwIfAborted();
      throw problemOf(error);
    });
  }

  /**
   * The moment of the next picture, in milliseconds; null once the signal has aborted.
   *
   * @throws {CameraError} `lost`
   */
  nextFrame(): Promise<number | null> {
    return new Promise((answer, fail) => {
      const ended = () => {
        if (this.#isLost) fail(new CameraError("lost", "the camera is gone"));
        else answer(null);
      };
      if (this.signal.aborted || this.#isLost) return ended();
      const settled = new AbortController();
      const { signal } = settled;
      const frame = this.video.requestVideoFrameCallback((now) => {
        settled.abort();
        answer(now);
      });
      const broken = () => {
        settled.abort();
        this.video.cancelVideoFrameCallback(frame);
        ended();
      };
      this.signal.addEventListener("abort", broken, { signal });
      this.#track.addEventListener("ended", broken, { signal });
    });
  }

  /** Lets the camera go: its light goes out. */
  close(): void {
    this.signal.removeEventListener("abort", this.#stop);
    for (const track of this.stream.getTracks()) track.stop();
    if (this.video.srcObject === this.stream) this.video.srcObject = null;
  }
}

function problemOf(error: unknown): CameraError {
  const [name, message] = error instanceof Error ? [error.name, error.message] : ["", String(error)];
  return new CameraError(PROBLEMS[name] ?? "failed", `${name}: ${message}`);
}
