// Looks after the tracks of a page that has them: notices which give nothing any more and has them opened again. When is
// decided in interruption.ts.

import type { TrackKind } from "./devices";
import { isDue, isTaken, UNTRIED, type TrackFacts, type Tries } from "./interruption";
import type { MediaProblem, MediaProblemKind } from "./media-problems";
import { watchSound } from "./sound-watch";

const LOOK = 500;

export interface Interruption {
  readonly device: MediaProblem["device"];
  /** Why it could not be opened again so far; null: it was not tried yet, or it gives nothing though it is open. */
  readonly problem: MediaProblemKind | null;
}

export interface InterruptionOptions {
  readonly stream: MediaStream;
  /** What is taken away now; null: nothing. Called at every look. */
  readonly told: (interruption: Interruption | null) => void;
  /** Opens it again; `count` tells how often that was tried before. Null when it gives something, else why not. */
  readonly mend: (kind: TrackKind, count: number) => Promise<MediaProblemKind | null>;
}

export class InterruptionWatch {
  readonly #options: InterruptionOptions;
  readonly #mutedSince = new WeakMap<MediaStreamTrack, number>();
  readonly #tries = new Map<TrackKind, Tries>();
  #visibleSince: number | null = null;
  readonly #nothingSince = new Map<TrackKind, number>();
  #mending = false;
  #looks: ReturnType<typeof setInterval> | undefined;
  #endSound: () => void = () => undefined;

  constructor(options: InterruptionOptions) {
    this.#options = options;
  }

  start(): void {
    this.stop();
    this.#onVisibility();
    document.addEventListener("visibilitychange", this.#onVisibility);
    navigator.mediaDevices?.addEventListener("devicechange", this.#onDevices);
    this.#endSound = watchSound((isTaken) => this.gives("audio", !isTaken));
    this.#looks = setInterval(this.look, LOOK);
  }

  stop(): void {
    clearInterval(this.#looks);
    document.removeEventListener("visibilitychange", this.#onVisibility);
    navigator.mediaDevices?.removeEventListener("devicechange", this.#onDevices);
    this.#endSound();
    this.#tries.clear();
    this.#nothingSince.clear();
    this.#options.told(null);
  }

  /** Whether a device gives something, as known by other means than its track. */
  gives(kind: TrackKind, gives: boolean): void {
    if (gives) this.#nothingSince.delete(kind);
    else if (!this.#nothingSince.has(kind)) this.#nothingSince.set(kind, performance.now());
  }

  /** A track is in place of the one before: its `mute`, `unmute` and `ended` are worth a look at once. */
  follow(track: MediaStreamTrack): void {
    for (const event of ["mute", "unmute", "ended"]) track.addEventListener(event, this.look);
  }

  /** Try again now, whatever was tried before. */
  retry(): void {
    this.#tries.clear();
    this.look();
  }

  readonly look = (): void => {
    const now = performance.now();
    const taken = this.#options.stream.getTracks().filter((track) => isTaken(this.#facts(track, now), now));
    const kinds = new Set(taken.map((track) => track.kind as TrackKind));
    for (const kind of ["audio", "video"] as const) if (!kinds.has(kind) && !this.#mending) this.#tries.delete(kind);
    this.#options.told(this.#interruption(kinds));
    const due = taken.find((track) => this.#isDue(track, now));
    if (due && !this.#mending) void this.#mend(due.kind as TrackKind);
  };

  #facts(track: MediaStreamTrack, now: number): TrackFacts {
    if (!track.muted) this.#mutedSince.delete(track);
    else if (!this.#mutedSince.has(track)) this.#mutedSince.set(track, now);
    const mutedSince = this.#mutedSince.get(track) ?? this.#nothingSince.get(track.kind as TrackKind) ?? null;
    return { mutedSince, ended: track.readyState === "ended" };
  }

  #isDue(track: MediaStreamTrack, now: number): boolean {
    return isDue(this.#facts(track, now), this.#triesOf(track.kind as TrackKind), this.#visibleSince, now);
  }

  #triesOf(kind: TrackKind): Tries {
    return this.#tries.get(kind) ?? UNTRIED;
  }

  async #mend(kind: TrackKind): Promise<void> {
    this.#mending = true;
    const { count } = this.#triesOf(kind);
    const problem = await this.#options.mend(kind, count);
    this.#mending = false;
    this.#tries.set(kind, { count: count + 1, at: performance.now(), problem });
  }

  #interruption(kinds: ReadonlySet<TrackKind>): Interruption | null {
    if (kinds.size === 0) return null;
    const device = kinds.size === 2 ? "both" : kinds.has("video") ? "camera" : "microphone";
    const problem = this.#triesOf(kinds.has("video") ? "video" : "audio").problem;
    return { device, problem };
  }

  readonly #onVisibility = (): void => {
    this.#visibleSince = document.visibilityState === "visible" ? performance.now() : null;
  };

  // Something was plugged in or pulled out: what failed a moment ago may go now.
  readonly #onDevices = (): void => this.retry();
}
