// An agent's calls counted by the hour of the day. Pure.

import { hourOf } from "../common/format";
import type { OwnCall } from "../common/types";

export interface Hour {
  readonly hour: number;
  readonly confirmed: number;
  readonly rejected: number;
  readonly other: number;
}

// The operator's teams work from 8 to 17; calls outside of it widen the plot.
const FROM = 8;
const TO = 16;

/** One entry for each hour from the first to the last that matters, empty ones too. */
export function byHour(calls: readonly Pick<OwnCall, "started_at" | "ended_at" | "outcome" | "verdict">[]): Hour[] {
  const placed = calls.flatMap((call) => {
    const at = call.started_at ?? call.ended_at;
    return at === null ? [] : [{ hour: hourOf(at), kind: kindOf(call.verdict ?? call.outcome) }];
  });
  const first = Math.min(FROM, ...placed.map(({ hour }) => hour));
  const last = Math.max(TO, ...placed.map(({ hour }) => hour));
  return Array.from({ length: last - first + 1 }, (_, index) => {
    const kinds = placed.filter(({ hour }) => hour === first + index).map(({ kind }) => kind);
    const of = (kind: string): number => kinds.filter((one) => one === kind).length;
    return { hour: first + index, confirmed: of("confirmed"), rejected: of("rejected"), other: of("other") };
  });
}

function kindOf(end: string | null): "confirmed" | "rejected" | "other" {
  return end === "confirmed" || end === "rejected" ? end : "other";
}
