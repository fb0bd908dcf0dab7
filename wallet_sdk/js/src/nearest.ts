/**
 * Which office is nearest, worked out from what the signed directories say; nobody is asked where the holder is.
 *
 * Where the app knows a point, offices whose point is known come first, by their distance; the others, and all of them
 * where only a division is known, by how much of their division (GB/T 2260: province, city, district) is the same. What is
 * as near stays in the directory's order.
 */

import type { Office, Place, Point } from "./directory.ts";
import { refuse } from "./protocolError.ts";

/** Of a division: district, city, province. */
const LEVELS = [6, 4, 2];
/** In a degree (protocol/place.py). */
const UNITS = 10_000;
/** The mean radius (IUGG). */
const EARTH_METRES = 6_371_009;

/** The offices, the nearest to this place first. Refuses a place that has not its form (E_SCHEMA). */
export function nearest<O extends Office>(offices: readonly O[], near: Place | Point): readonly O[] {
  const place = checked(near);
  const ranked = offices.map((office) => ({ office, rank: rankOf(office, place) }));
  return ranked.sort((a, b) => a.rank[0] - b.rank[0] || a.rank[1] - b.rank[1]).map(({ office }) => office);
}

/** How far the office is, along the globe; null where one of both points is not known. */
export function metres({ place }: Office, near: Place | Point): number | null {
  const { point } = checked(near);
  const there = place?.point ?? null;
  return point === null || there === null ? null : between(point, there);
}

interface Near {
  readonly division: string | null;
  readonly point: Point | null;
}

function checked(near: Place | Point): Near {
  const { division, point } = "division" in near ? near : { division: null, point: near };
  if (division !== null && !/^[0-9]{6}$/.test(division)) refuse("E_SCHEMA", "a division that is not six digits");
  // Not the other way about: NaN is beyond nothing.
  if (point !== null && !(Math.abs(point.latitude) <= 90 && Math.abs(point.longitude) <= 180))
    refuse("E_SCHEMA", "a point beyond 90 degrees of latitude or 180 of longitude");
  return { division, point };
}

/** What sorts offices by how near they are. */
function rankOf(office: Office, { division, point }: Near): readonly [number, number] {
  const { place } = office;
  if (point !== null && place !== null && place.point !== null) return [0, between(point, place.point)];
  const level = LEVELS.findIndex((each) => place !== null && division !== null && place.division.slice(0, each) === division.slice(0, each));
  return [1, level < 0 ? LEVELS.length : level];
}

/** The great-circle distance on a sphere: good to half a percent. */
function between(one: Point, other: Point): number {
  const [from, to] = [one, other].map(({ latitude, longitude }) => ({ latitude: units(latitude), longitude: units(longitude) }));
  const [south, north] = [radians(from!.latitude), radians(to!.latitude)];
  const apart = radians(to!.longitude - from!.longitude);
  const half = Math.sin((north - south) / 2) ** 2 + Math.cos(south) * Math.cos(north) * Math.sin(apart / 2) ** 2;
  return Math.round(2 * EARTH_METRES * Math.asin(Math.sqrt(Math.min(1, half))));
}

/** Points are whole units in signed documents, so both languages reckon with the same numbers. */
function units(degrees: number): number {
  return Math.round(degrees * UNITS);
}

function radians(units: number): number {
  return ((units / UNITS) * Math.PI) / 180;
}
