// What each second of a leg carried, as lines over the axis of the recordings. Pure.

import type { Leg } from "#client";

import type { CallRecordings, Seconds } from "../../common/types";
import type { Axis, Stretch } from "./axis";

export const MEASURES = ["bits", "frames", "lost", "round_trip"] as const;
export type Measure = (typeof MEASURES)[number];

/** The least top of each plot: a quiet line must not look like a wild one. */
const LEAST: Record<Measure, number> = { bits: 500, frames: 30, lost: 10, round_trip: 100 };

export interface Point {
  /** Where the second begins on the axis. */
  readonly at: number;
  /** kbit/s, pictures, packets that never came, milliseconds; null where it was not measured. */
  readonly value: number | null;
}

export interface LegPlots {
  readonly points: Record<Measure, readonly Point[]>;
  /** Seconds in which packets came but no new picture. */
  readonly frozen: readonly Stretch[];
}

const SECOND = 1_000_000;

const VALUES: Record<Measure, (seconds: Seconds, index: number) => number | null> = {
  bits: ({ video_bits, audio_bits }, index) => ((video_bits[index] ?? 0) + (audio_bits[index] ?? 0)) / 1_000,
  frames: ({ frames }, index) => frames[index] ?? 0,
  lost: ({ lost }, index) => lost[index] ?? 0,
  round_trip: ({ round_trip }, index) => {
    const microseconds = round_trip[index];
    return microseconds === null || microseconds === undefined ? null : microseconds / 1_000;
  },
};

/** All that is known of a leg; a newer connection's seconds go before those of the one that it replaced. */
export function plotsOf(axis: Axis, facts: CallRecordings["facts"], leg: Leg): LegPlots {
  const seconds = new Map<number, [Seconds, number]>();
  const own = facts.filter((row) => row.leg === leg).sort((a, b) => a.media - b.media || a.first_at - b.first_at);
  for (const row of own) row.seconds.frames.forEach((_, index) => seconds.set(row.first_at - axis.zero + index * SECOND, [row.seconds, index]));
  const ordered = [...seconds].sort(([a], [b]) => a - b);
  const line = (measure: Measure): Point[] => ordered.map(([at, [row, index]]) => ({ at, value: VALUES[measure](row, index) }));
  return {
    points: { bits: line("bits"), frames: line("frames"), lost: line("lost"), round_trip: line("round_trip") },
    frozen: ordered.filter(([, [row, index]]) => row.frozen[index]).map(([at]) => ({ start: at, end: at + SECOND })),
  };
}

/** What was measured in the second that `at` lies in; null where nothing was. */
export function valueAt(points: readonly Point[], at: number): number | null {
  return points.find((point) => point.at <= at && at < point.at + SECOND)?.value ?? null;
}

/** The top of a plot that shows all of these. */
export function topOf(measure: Measure, lines: readonly (readonly Point[])[]): number {
  const most = Math.max(0, ...lines.flat().map(({ value }) => value ?? 0));
  return most <= LEAST[measure] ? LEAST[measure] : round(most);
}

/** The path (SVG) of a line in a plot of this size, broken where seconds are missing; one that stands alone is a dot. */
export function pathOf(points: readonly Point[], axis: Axis, top: number, width: number, height: number): string {
  let last: Point | null = null;
  const drawn = points.flatMap((point) => {
    const before = last;
    last = point.value === null ? null : point;
    if (point.value === null) return [];
    const x = (Math.max(0, point.at + SECOND / 2) / axis.length) * width;
    const y = height - (Math.min(point.value, top) / top) * height;
    const joined = before !== null && point.at - before.at < 1.5 * SECOND;
    const place = `${x.toFixed(1)} ${y.toFixed(1)}`;
    return [joined ? `L${place}` : `M${place}h0`];
  });
  return drawn.join("");
}

/** The next of 1, 1.5, 2, 3, 5, 10, 15 ... */
function round(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const first = [1, 1.5, 2, 3, 5, 10].find((step) => step * power >= value) ?? 10;
  return first * power;
}
