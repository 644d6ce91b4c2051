// When a camera or microphone that worked has been taken away: by a phone call, by another app, by a pulled plug. What to
// tell and when to open it again. Pure.

import type { MediaProblemKind } from "./media-problems";

/** Browsers mute tracks for moments, for instance while a page comes to the front. Milliseconds. */
export const TELL_AFTER = 1_500;
/** Some systems give a device back by themselves when the page is seen again; they are given this long. */
const SEEN_FOR = 1_000;
const LONGEST_PAUSE = 15_000;

/** One track of the page, as the browser tells. */
export interface TrackFacts {
  /** The system gives nothing; null: it does. */
  readonly mutedSince: number | null;
  readonly ended: boolean;
}

/** What has been tried for it since it was taken away. */
export interface Tries {
  readonly count: number;
  /** When the last one ended. */
  readonly at: number;
  /** Why the last one failed. */
  readonly problem: MediaProblemKind | null;
}

export const UNTRIED: Tries = { count: 0, at: 0, problem: null };

/** Whether it is to be told: the device is gone, or has given nothing for a while. */
export function isTaken({ ended, mutedSince }: TrackFacts, now: number): boolean {
  return ended || (mutedSince !== null && now - mutedSince >= TELL_AFTER);
}

/** Whether to open it again now; `visibleSince` is null while the page is hidden. */
export function isDue(track: TrackFacts, tries: Tries, visibleSince: number | null, now: number): boolean {
  if (!isTaken(track, now) || visibleSince === null) return false;
  if (!track.ended && now - visibleSince < SEEN_FOR) return false;
  // Whoever refused must not be asked over and over; coming back to the page is a new occasion.
  if (isRefused(tries.problem)) return visibleSince > tries.at;
  return tries.count === 0 || now - tries.at >= pause(tries.count);
}

/** What a sentence for people must tell apart: pulled out, forbidden, or taken by somebody else for a while. */
export function reasonOf(problem: MediaProblemKind | null): "missing" | "refused" | "taken" {
  return problem === "missing" ? "missing" : isRefused(problem) ? "refused" : "taken";
}

function isRefused(problem: MediaProblemKind | null): boolean {
  return problem === "refused" || problem === "refused_by_system";
}

function pause(count: number): number {
  return Math.min(LONGEST_PAUSE, 500 * 2 ** count);
}
