/** How old what is held is, in words. */

import { ageOf } from "../validity.ts";
import type { App } from "./app.ts";

const [MINUTE, HOUR, DAY] = [60, 3_600, 86_400] as const;

export function ageText(app: App, seconds: number): string {
  if (seconds < MINUTE) return app.text("now");
  if (seconds < HOUR) return app.text("minutes", { n: String(Math.floor(seconds / MINUTE)) });
  if (seconds < DAY) return app.text("hours", { n: String(Math.floor(seconds / HOUR)) });
  return app.text("days", { n: String(Math.floor(seconds / DAY)) });
}

/** One line for each thing that is held, as of this moment. */
export function agesOfHeld(app: App): readonly string[] {
  const { material, knowledge, clock } = app;
  if (material === null || knowledge === null) return [app.text("nothingHeld")];
  const age = (since: number) => ({ age: ageText(app, ageOf(clock.at, since)) });
  const oldest = knowledge.status.oldest();
  return [
    app.text("heldFor", { region: material.region }),
    oldest === null ? app.text("statusNone") : app.text("statusAge", age(oldest)),
    app.text("trustAge", age(knowledge.trust.iat)),
    app.text("policyAge", age(knowledge.policy.iat)),
  ];
}
