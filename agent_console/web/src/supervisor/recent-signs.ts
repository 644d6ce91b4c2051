// Which signs stand above the floor.

import type { Sign } from "../common/types";

const DAY = 86_400_000_000;
const MOST = 5;

/** Pure: those of the last 24 hours, the newest first, so many that the floor below is still seen. */
export function recent(signs: readonly Sign[], now: number): Sign[] {
  return signs.filter((sign) => now - sign.at < DAY).slice(0, MOST);
}
