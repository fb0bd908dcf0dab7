/** A mandate (docs/spec/mandate.md): what makes a credential that of an agent, guardian or proxy. */

import { isArray, isMap, type Value } from "./cbor.ts";
import { isVct } from "./credential.ts";
import { refuse } from "./protocolError.ts";
import { isPurpose } from "./purposes.ts";

const MAX_KINDS = 16;

export interface Mandate {
  readonly level: number;
  readonly kinds: readonly number[];
  readonly purposes: readonly number[];
  readonly parentRegion: string;
  readonly parentKind: number;
}

export function mandate(value: Value): Mandate {
  if (!isMap(value) || value.size !== 5) refuse("E_SCHEMA", "a mandate that has not exactly the five entries");
  const [level, kinds, purposes, region, kind] = [1, 2, 3, 4, 5].map((label) => value.get(label));
  if (typeof level !== "number" || level < 1 || level > 3) refuse("E_SCHEMA", "a mandate of another level");
  if (typeof region !== "string" || !/^[0-9]{6}$/.test(region)) refuse("E_SCHEMA", "a mandate without a region");
  if (!isVct(kind)) refuse("E_SCHEMA", "a mandate whose parent has no kind");
  const [inKinds, inPurposes] = [ascending(kinds), ascending(purposes)];
  if (inKinds.length > MAX_KINDS || !inKinds.every(isVct)) refuse("E_SCHEMA", "a mandate for what are no kinds");
  if (!inPurposes.every(isPurpose)) refuse("E_SCHEMA", "a mandate for a purpose that is none");
  return { level, kinds: inKinds, purposes: inPurposes, parentRegion: region, parentKind: kind };
}

/** Those of its limits that the credential of this region and kind breaks whoever shows it, and whenever. */
export function contradictions(its: Mandate, region: string, vct: number): string[] {
  const broken: string[] = [];
  if (!its.kinds.includes(vct)) broken.push("kind");
  if (region !== its.parentRegion || vct !== its.parentKind) broken.push("parent");
  return broken;
}

/** The limits that showing this credential breaks, in alphabetical order. */
export function oversteps(
  its: Mandate,
  shown: { region: string; vct: number; exp: number; purpose: number; at: number },
): string[] {
  const broken = contradictions(its, shown.region, shown.vct);
  if (!its.purposes.includes(shown.purpose)) broken.push("purpose");
  if (shown.at >= shown.exp) broken.push("expired");
  return broken.sort();
}

function ascending(value: Value | undefined): readonly number[] {
  if (!isArray(value) || value.length === 0) refuse("E_SCHEMA", "a mandate with an empty scope");
  return value.map((each, at) =>
    typeof each === "number" && (at === 0 || each > (value[at - 1] as number))
      ? each
      : refuse("E_SCHEMA", "a mandate's scope that is not integers in ascending order"),
  );
}
