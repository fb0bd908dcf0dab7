/** Frames of animated codes (docs/spec/animated.md), as far as this verifier tells them apart: it puts none together. */

import { KIND } from "../src/animated.ts";
import * as envelope from "../src/envelope.ts";
import { ProtocolError } from "../src/protocolError.ts";

const DIGEST_BYTES = 8;

export function isFrame(text: string): boolean {
  return text.startsWith(envelope.ANIMATED);
}

/** Whether a text is a piece of a portrait: it goes beside the code of its licence and says nothing by itself. */
export function isPortraitFrame(text: string): boolean {
  if (!isFrame(text)) return false;
  try {
    return envelope.unwrap(text, envelope.ANIMATED)[DIGEST_BYTES] === KIND.portrait;
  } catch (error) {
    if (error instanceof ProtocolError) return false;
    throw error;
  }
}
