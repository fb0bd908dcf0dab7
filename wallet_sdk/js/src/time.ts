/** Days at UTC+8 as YYYYMMDD, and the moments at which they begin and end. */

const DAY = 86_400;
const OFFSET = 8 * 3_600;

export function isDay(value: unknown): value is number {
  if (typeof value !== "number" || value < 10_101 || value > 99_991_231) return false;
  const [year, month, day] = [Math.floor(value / 10_000), Math.floor(value / 100) % 100, value % 100];
  const found = new Date(Date.UTC(2000, month - 1, day));
  found.setUTCFullYear(year, month - 1, day);
  return found.getUTCMonth() === month - 1 && found.getUTCDate() === day && month > 0 && day > 0;
}

/** The moment at which a day begins in China. */
export function localMidnight(day: number): number {
  const date = new Date(0);
  date.setUTCFullYear(Math.floor(day / 10_000), (Math.floor(day / 100) % 100) - 1, day % 100);
  return date.getTime() / 1_000 - OFFSET;
}

export function endOfLocalDay(day: number): number {
  return localMidnight(day) + DAY;
}
