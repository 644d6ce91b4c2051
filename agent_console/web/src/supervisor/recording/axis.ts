// A call's recordings on one axis of time: which file shows a leg at an instant, where nothing was recorded, and what is
// marked. Pure. Places on the axis are microseconds from its beginning.

import type { Leg } from "#client";

import type { CallRecordings, Case, CaseCall, Recording } from "../../common/types";

export const LEGS: readonly Leg[] = ["customer", "agent"];

/** A stretch of the axis, [start, end). */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

/** One file of a leg: each peer connection has its own. */
export interface Segment extends Stretch {
  readonly leg: Leg;
  readonly media: number;
}

export interface Axis {
  /** The instant of its beginning. */
  readonly zero: number;
  readonly length: number;
  readonly segments: readonly Segment[];
}

type Closed = Recording & { length: number; size: number; sha256: string };

/** Whether a recording can be played: it does not grow any more, and something is in it. */
export function isPlayable(recording: Recording): recording is Closed {
  return recording.sha256 !== null && recording.length !== null && recording.length > 0;
}

/** What can be seen of a call, from the first that was recorded to the last; null where there is nothing at all. */
export function axisOf({ recordings, facts }: Pick<CallRecordings, "recordings" | "facts">): Axis | null {
  const playable = recordings.filter(isPlayable);
  const stretches = [
    ...playable.map(({ began_at, length }) => ({ start: began_at, end: began_at + length })),
    ...facts.map(({ first_at, seconds }) => ({ start: first_at, end: first_at + seconds.frames.length * 1_000_000 })),
  ];
  if (stretches.length === 0) return null;
  const zero = Math.min(...stretches.map(({ start }) => start));
  const segments = playable.map(({ leg, media, began_at, length }) => ({ leg, media, start: began_at - zero, end: began_at + length - zero }));
  return { zero, length: Math.max(...stretches.map(({ end }) => end)) - zero, segments };
}

/** The file that shows a leg there; of two at once, as where a new connection replaces an old one, the newer. */
export function segmentAt(segments: readonly Segment[], leg: Leg, at: number): Segment | null {
  const there = segments.filter((segment) => segment.leg === leg && segment.start <= at && at < segment.end);
  return there.reduce<Segment | null>((newest, one) => (newest === null || one.media > newest.media ? one : newest), null);
}

/** Where a leg was not recorded. */
export function gaps(axis: Axis, leg: Leg): Stretch[] {
  const own = axis.segments.filter((segment) => segment.leg === leg).sort((a, b) => a.start - b.start);
  const found: Stretch[] = [];
  let seen = 0;
  for (const { start, end } of own) {
    if (start > seen) found.push({ start: seen, end: start });
    seen = Math.max(seen, end);
  }
  if (seen < axis.length) found.push({ start: seen, end: axis.length });
  return found;
}

export interface Mark {
  readonly at: number;
  /** Key of its sentence, below `recording.mark.`. */
  readonly what: string;
  readonly values: Record<string, string>;
  readonly look: "verdict" | "picture" | "lost" | "back";
}

const FRAMES = new Set(["snapshot", "extra", "last_frame"]);

/** What happened in a call while it was recorded, oldest first. */
export function marksOf(axis: Axis, call: CaseCall, { verdicts, pictures }: Pick<Case, "verdicts" | "pictures">): Mark[] {
  const marks: Mark[] = [
    ...verdicts.filter((verdict) => verdict.call === call.id).map(({ pressed_at, verdict }) => mark(pressed_at, "verdict", "verdict", { verdict })),
    ...pictures.filter((picture) => picture.call === call.id && FRAMES.has(picture.kind)).map(({ at, kind }) => mark(at, "picture", "picture", { kind })),
    ...call.gaps.flatMap(({ leg, from, until }) => [
      mark(from, `lost_${leg}`, "lost"),
      ...(until === null ? [] : [mark(until, `back_${leg}`, "back")]),
    ]),
  ];
  const placed = marks.map((one) => ({ ...one, at: one.at - axis.zero }));
  return placed.filter(({ at }) => at >= 0 && at <= axis.length).sort((a, b) => a.at - b.at);
}

function mark(at: number, what: string, look: Mark["look"], values: Record<string, string> = {}): Mark {
  return { at, what, look, values };
}

/** Marks that stand too close to be told apart, as one; `nearest` is how far apart two must be. */
export function clustered(marks: readonly Mark[], nearest: number): Mark[][] {
  const clusters: Mark[][] = [];
  for (const one of marks) {
    const last = clusters.at(-1);
    if (last?.[0] && one.at - last[0].at < nearest) last.push(one);
    else clusters.push([one]);
  }
  return clusters;
}
