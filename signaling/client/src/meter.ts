// Looks at one peer connection about once a second: how well it does, and how much video it should send. What follows
// from the figures is decided in quality.ts and sending.ts.

import type { Peer } from "./peer";
import { count, quality, type Counters, type Quality } from "./quality";
import { begin, next, type Sending, type Step } from "./sending";
import { between, isStill, look, type Look } from "./uplink";

/** Milliseconds; what is asked for earlier is passed over. */
const SHORTEST = 900;
/** Looks in a row without a picture until it counts as paused: a key frame may be on its way. */
const SOUND_ONLY_LOOKS = 2;
/** Looks in a row without a picture of the own camera until it counts as taken away: a busy machine pauses too. */
const STILL_LOOKS = 4;

export interface Measured {
  readonly quality: Quality;
  /** How much video is sent from now on. */
  readonly step: Step;
  /** For some seconds sound has arrived and no picture. */
  readonly soundOnly: boolean;
  /** For some seconds the own camera has given no picture, though its track says nothing of it. */
  readonly still: boolean;
}

interface Seen {
  readonly counters: Counters;
  readonly look: Look;
}

export class Meter {
  readonly #peer: Peer;
  #before: Seen | null = null;
  #sending: Sending | null = null;
  #soundOnlyLooks = 0;
  #stillLooks = 0;
  /** The newest; null before the second look. */
  latest: Measured | null = null;

  constructor(peer: Peer) {
    this.#peer = peer;
  }

  /** To be called at least once a second. */
  async look(): Promise<void> {
    if (this.#before && performance.now() - this.#before.look.at < SHORTEST) return;
    const report = [...((await this.#peer.connection.getStats()).values() as Iterable<Record<string, unknown>>)];
    const now = performance.now();
    const before = this.#before;
    const after = { counters: count(report, now), look: look(report, now) };
    this.#before = after;
    if (before) this.#compare(before, after);
  }

  #compare(before: Seen, after: Seen): void {
    const seen = quality(before.counters, after.counters);
    this.#soundOnlyLooks = seen.soundOnly ? this.#soundOnlyLooks + 1 : 0;
    // A paused picture is not asked of the camera.
    const isPaused = this.#sending?.step === "paused";
    this.#stillLooks = !isPaused && isStill(before.look, after.look) ? this.#stillLooks + 1 : 0;
    this.latest = {
      quality: seen,
      step: this.#decide(before, after),
      soundOnly: this.#soundOnlyLooks >= SOUND_ONLY_LOOKS,
      still: this.#stillLooks >= STILL_LOOKS,
    };
  }

  #decide(before: Seen, after: Seen): Step {
    const sending = this.#sending ?? begin(before.look.at);
    this.#sending = next(sending, between(before.look, after.look));
    if (this.#sending.step !== sending.step) void this.#peer.send(this.#sending.step);
    return this.#sending.step;
  }
}
