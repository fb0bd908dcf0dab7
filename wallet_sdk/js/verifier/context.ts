/** Everything that an appraisal may know: no part of it is looked up while appraising. */

import type { Kind } from "../src/catalogue.ts";
import type { Curves } from "../src/curves.ts";
import type { Purpose } from "../src/purposes.ts";
import type { TrustList } from "../src/trust.ts";
import type { Policy } from "./policy.ts";

/** How much harm a wrong acceptance does. */
export type Risk = "L" | "M" | "G" | "X";

export interface Catalogue {
  readonly iat: number;
  readonly kinds: ReadonlyMap<number, Kind>;
  readonly risks: ReadonlyMap<number, Risk>;
}

/** `value` is that of the list (docs/spec/status-list.md); there is one exactly when the list is held and has the entry. */
export type StatusAnswer =
  | { readonly coverage: "covered"; readonly value: number; readonly asOf: number }
  | { readonly coverage: "not covered" | "out of range" | "no data" };

export interface StatusView {
  /** The status at this place; unknown is never "valid". */
  lookUp(uri: string, idx: number): StatusAnswer;
  /** As of when its oldest part is; null when nothing is held. */
  oldest(): number | null;
}

/** What is held of signed statements, each verified when it was taken in. */
export interface Knowledge {
  readonly trust: TrustList;
  readonly catalogue: Catalogue;
  readonly policy: Policy;
  readonly status: StatusView;
  /** Keys that a checkpoint has banned, by `<iss> <kid in hexadecimal>`: from when on. */
  readonly bans: ReadonlyMap<string, number>;
}

/** `plausible` is false where the clock cannot be right; the uncertainty is in seconds. */
export interface Clock {
  readonly at: number;
  readonly uncertainty: number;
  readonly plausible: boolean;
}

/** What kind of place this is. */
export interface Face {
  readonly purpose: Purpose;
  /** Six digits: the region whose policy counts here. */
  readonly region: string;
  /** A person can compare the holder with the licence. */
  readonly attended: boolean;
  /** The person there does so as a rule. */
  readonly faceCompared: boolean;
}

export interface Context {
  readonly face: Face;
  readonly clock: Clock;
  /** null: nothing was loaded yet; nothing can be accepted. */
  readonly knowledge: Knowledge | null;
  /** Whether a presentation was used up before, by its replay key. */
  readonly wasUsed: (replayKey: Uint8Array) => boolean;
  readonly curves: Curves;
}
