// What a person takes along: a paper as PDF, and the holder's copy as a code on the screen. Nothing is kept after the dialog.

import { byId, element } from "./screen.js";
import { postForFile } from "./talk.js";

// Adds a link to the PDF; the problem in words, or null.
export async function makePage(number, reason, ui, language) {
  const values = byId("page-values").checked;
  const { ok, file, content } = await postForFile(`/api/v1/acts/${number}/page`, { reason, values }, language);
  if (!ok) return content.message ?? content.views[language].instruction;
  const link = element("a", "file", ui.page_file);
  link.href = URL.createObjectURL(file);
  link.download = `check-${number}.pdf`;
  byId("receipt-files").append(link);
  link.focus();
  return null;
}

// `code`: {size, path}, or null where no one code holds the copy.
export function drawHolderCode(code, ui) {
  byId("holder-copy").hidden = false;
  byId("holder-words").textContent = code === null ? ui.holder_code_long : ui.holder_code;
  const drawing = byId("holder-code");
  drawing.classList.toggle("gone", code === null);
  drawing.setAttribute("viewBox", `0 0 ${code?.size ?? 1} ${code?.size ?? 1}`);
  byId("holder-path").setAttribute("d", code?.path ?? "");
}

export function forgetPapers() {
  byId("holder-copy").hidden = true;
  byId("holder-path").setAttribute("d", "");
  if (byId("page-values") !== null) byId("page-values").checked = false;
}
