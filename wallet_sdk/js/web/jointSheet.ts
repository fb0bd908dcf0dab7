/** The questions of several licences in one act: card by card, with every warning, and nothing chosen in advance. */

import { MAX_MEMBERS } from "../src/bundle.ts";
import type { Names } from "../src/catalogue.ts";
import type { ConsentRequest } from "../src/consent.ts";
import { cautionsOf, type Choice, JointRequest } from "../src/joint.ts";
import { type Caution, CAUTIONS } from "../src/sheetTexts.ts";
import type { App } from "./app.ts";
import { sheetOf } from "./consentView.ts";
import { make, section, ticked } from "./elements.ts";

/** What the holder has chosen, card by card: to decide by, and to say and to note. */
export interface Chosen {
  readonly choice: Choice;
  readonly shown: readonly { readonly id: string; readonly kind: Names; readonly items: readonly Names[] }[];
}

export interface JointSheet {
  readonly parts: readonly HTMLElement[];
  /** What the boxes say now; null: no card at all. */
  chosen(): Chosen | null;
}

/** `areTicked`: the holder has already named these very cards. */
export function jointSheet(
  app: App,
  request: JointRequest | { readonly sheets: readonly ConsentRequest[] },
  areTicked: boolean,
): JointSheet {
  const isJoint = request instanceof JointRequest;
  const cards = request.sheets.map((asked) => {
    const { row, box } = ticked(app.text("leaveOut"), areTicked);
    const link = isJoint ? request.proposedLink(asked) : null;
    return { asked, row, box, sheet: sheetOf(app, asked, link) };
  });
  const chosen = (): Chosen | null => {
    const shown = cards
      .filter(({ box }) => box.checked)
      .map(({ asked: { licence }, sheet }) => ({ id: licence.id, kind: licence.kind.names, ...sheet.decide() }));
    if (shown.length === 0) return null;
    return {
      choice: Object.fromEntries(shown.map(({ id, names }) => [id, names])),
      shown: shown.map(({ id, kind, items }) => ({ id, kind, items: items.map((item) => item.labels) })),
    };
  };
  const caution = (each: Caution) => make("p", { class: "caution" }, app.named(CAUTIONS[each]));
  const standing = isJoint ? request.cautions : cautionsOf(app.wallet, request.sheets.map(({ licence }) => licence));
  // What this very choice does not prove is said as it is made.
  const ofChoice = make("div", { "aria-live": "polite" });
  const warn = () => {
    const { choice } = chosen() ?? { choice: {} };
    // Nobody can approve of nothing, or of more than fits; the button says so.
    const cautions = isJoint && fits(choice) ? request.approve(choice).cautions : [];
    ofChoice.replaceChildren(...cautions.map(caution));
  };
  const boxes = make("div", { class: "cards" }, ...cards.map(({ asked, row, sheet }) => section(titleOf(app, asked), row, ...sheet.parts)));
  boxes.addEventListener("change", warn);
  warn();
  return { parts: [...standing.map(caution), boxes, ofChoice], chosen };
}

function fits(choice: Choice): boolean {
  const { length } = Object.keys(choice);
  return length >= 1 && length <= MAX_MEMBERS;
}

/** Of two licences of one kind the group says which is which. */
function titleOf(app: App, { licence: { kind, group } }: ConsentRequest): string {
  return app.named(kind.names) + (group === null ? "" : ` · ${group}`);
}
