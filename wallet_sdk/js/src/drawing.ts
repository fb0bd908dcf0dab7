/** Draws a code: the smallest QR version at level L in alphanumeric mode, with one fixed mask (docs/spec/code.md). */

import { correction, generate, mode } from "lean-qr";

const QUIET_ZONE = 4;
/** Any mask is read equally well: base45 of signatures is as good as random, and choosing among eight takes time. */
const MASK = 0;
const MAX_VERSION = 25;

export interface Drawing {
  /** Modules along one side, without the quiet zone. */
  readonly size: number;
  isDark(x: number, y: number): boolean;
}

export function draw(text: string): Drawing {
  const code = generate(mode.alphaNumeric(text), {
    minCorrectionLevel: correction.L,
    maxCorrectionLevel: correction.L,
    maxVersion: MAX_VERSION,
    mask: MASK,
  });
  return { size: code.size, isDark: (x, y) => code.get(x, y) };
}

/** The dark modules as one path, so that no renderer leaves seams between them; a unit to a module, quiet zone included. */
export function svgPath({ size, isDark }: Drawing): string {
  let path = "";
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++) {
      if (!isDark(x, y)) continue;
      let end = x + 1;
      while (end < size && isDark(end, y)) end++;
      path += `M${x + QUIET_ZONE} ${y + QUIET_ZONE}h${end - x}v1h${x - end}z`;
      x = end;
    }
  return path;
}

/** Black on white whatever the theme is, with its quiet zone. */
export function svg(drawing: Drawing, title: string): string {
  const side = drawing.size + 2 * QUIET_ZONE;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${side} ${side}" role="img" shape-rendering="crispEdges">` +
    `<title>${escape(title)}</title><path fill="#fff" d="M0 0h${side}v${side}H0z"/>` +
    `<path fill="#000" d="${svgPath(drawing)}"/></svg>`
  );
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
