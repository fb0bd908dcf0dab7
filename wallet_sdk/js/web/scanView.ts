/** Reads one code by the camera, which is let go when the page is left; what reads codes is loaded only here. */

import { CAMERA_TEXTS } from "./cameraTexts.ts";
import type { View } from "./app.ts";
import { button, make } from "./elements.ts";
import type { Key } from "./texts.ts";

export interface Wanted {
  /** Where to find the code. */
  readonly hint: Key;
  readonly fits: (text: string) => boolean;
  /** What comes in the place of this page. */
  readonly found: (text: string) => View;
}

export const scanView =
  ({ hint, fits, found }: Wanted): View =>
  (app, main) => {
    const stop = new AbortController();
    const video = make("video", { "aria-label": app.text("cameraPicture"), playsinline: true });
    video.muted = true;
    main.append(
      make("h1", {}, app.text("scan")),
      make("p", {}, app.text(hint)),
      video,
      make("div", { class: "decide" }, button(app.text("cancel"), () => app.back())),
    );
    app.attempt(async () => {
      const { CameraError, readCodes } = await import("../camera/codeReader.ts");
      try {
        for await (const text of readCodes(video, { signal: stop.signal })) {
          if (fits(text)) return app.replace(main, found(text));
          app.say(app.text("otherCode"));
        }
      } catch (error) {
        if (!(error instanceof CameraError)) throw error;
        if (!stop.signal.aborted) app.say(app.named(CAMERA_TEXTS[error.problem]));
      }
    })();
    return () => stop.abort();
  };

/** The way to it; none where a browser has no cameras to give. */
export function scanButton(label: string, open: () => void): HTMLElement | null {
  return navigator.mediaDevices === undefined ? null : button(label, open);
}
