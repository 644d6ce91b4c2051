// Plays all files of a call by one clock: each leg's player is started, stopped, corrected and exchanged as the clock
// goes. It knows of players only what it needs, so that tests can give it some that are no video elements.

import { type Leg, Store } from "#client";

import { type Axis, LEGS, type Segment, segmentAt } from "./axis";
import { MasterClock } from "./clock";
import { correction } from "./drift";

/** As much of HTMLMediaElement as is used. */
export interface Player {
  currentTime: number;
  playbackRate: number;
  muted: boolean;
  readonly paused: boolean;
  readonly ended: boolean;
  readonly seeking: boolean;
  readonly readyState: number;
  readonly error: unknown;
  play(): Promise<void>;
  pause(): void;
}

export interface PlaybackState {
  /** Whether the user wants it to play. */
  readonly playing: boolean;
  /** It plays on by itself as soon as enough has been loaded. */
  readonly waiting: boolean;
  /** Microseconds from the beginning of the axis. */
  readonly at: number;
  readonly speed: number;
  readonly muted: Readonly<Record<Leg, boolean>>;
  /** Which file each leg shows; null where it was not recorded. */
  readonly shown: Readonly<Record<Leg, Segment | null>>;
  /** Files that cannot be played. */
  readonly broken: readonly Segment[];
}

export const SPEEDS = [1, 1.5, 2] as const;
/** HTMLMediaElement.HAVE_FUTURE_DATA */
const ENOUGH = 3;
const SECOND = 1_000_000;

export class Conductor {
  readonly state: Store<PlaybackState>;
  readonly #axis: Axis;
  readonly #clock: MasterClock;
  readonly #players = new Map<Segment, Player>();
  readonly #now: () => number;

  /** `now` is a time in milliseconds that never jumps. */
  constructor(axis: Axis, now: () => number = () => performance.now()) {
    this.#axis = axis;
    this.#clock = new MasterClock(axis.length);
    this.#now = now;
    this.state = new Store<PlaybackState>({
      playing: false,
      waiting: false,
      at: 0,
      speed: 1,
      muted: { customer: false, agent: false },
      shown: this.#shownAt(0),
      broken: [],
    });
  }

  /** The player of a file, once there is one; null takes it back. */
  readonly attach = (segment: Segment, player: Player | null): void => {
    if (player) this.#players.set(segment, player);
    else this.#players.delete(segment);
  };

  /** To be called several times a second. */
  readonly tick = (): void => {
    const at = this.#clock.at(this.#now());
    const shown = this.#shownAt(at);
    const { playing } = this.state.get();
    if (playing && at >= this.#axis.length) {
      this.#halt();
      this.#show(at, { playing: false, waiting: false });
      return;
    }
    const active = LEGS.flatMap((leg) => shown[leg] ?? []);
    for (const [segment, player] of this.#players) if (!active.includes(segment) && !player.paused) player.pause();
    const waiting = playing && active.some((segment) => !this.#isReady(segment, at));
    if (waiting || !playing) this.#halt();
    else this.#clock.run(this.#now());
    for (const segment of active) this.#lead(segment, at, playing && !waiting);
    this.#show(at, { waiting, shown });
  };

  readonly toggle = (): void => {
    const { playing, at } = this.state.get();
    if (!playing && at >= this.#axis.length) this.#clock.seek(0, this.#now());
    this.state.set({ playing: !playing });
    this.tick();
  };

  readonly seek = (at: number): void => {
    this.#clock.seek(at, this.#now());
    this.tick();
  };

  readonly move = (by: number): void => this.seek(this.#clock.at(this.#now()) + by);

  readonly setSpeed = (speed: number): void => {
    this.#clock.setSpeed(speed, this.#now());
    this.state.set({ speed });
    this.tick();
  };

  readonly toggleSound = (leg: Leg): void => {
    const { muted } = this.state.get();
    this.state.set({ muted: { ...muted, [leg]: !muted[leg] } });
    this.tick();
  };

  /** Go on as if nothing had been broken: the page has asked for the files anew. */
  readonly mend = (): void => this.state.set({ broken: [] });

  #halt(): void {
    this.#clock.stop(this.#now());
    for (const player of this.#players.values()) if (!player.paused) player.pause();
  }

  #shownAt(at: number): Record<Leg, Segment | null> {
    // At its very end a call shows its last pictures.
    const inside = Math.min(at, this.#axis.length - 1);
    return { customer: segmentAt(this.#axis.segments, "customer", inside), agent: segmentAt(this.#axis.segments, "agent", inside) };
  }

  /** A file that is broken or a little shorter than it is said to be holds nobody up. */
  #isReady(segment: Segment, at: number): boolean {
    const player = this.#players.get(segment);
    if (!player) return true;
    if (player.error || (player.ended && this.#ahead(segment, player, at) <= 0)) return true;
    return !player.seeking && player.readyState >= ENOUGH;
  }

  /** Put a player where the clock is, and have it run or stand as the clock does. */
  #lead(segment: Segment, at: number, runs: boolean): void {
    const player = this.#players.get(segment);
    if (!player) return;
    if (player.error) return this.#note(segment);
    player.muted = this.state.get().muted[segment.leg];
    const { speed } = this.#clock;
    const ahead = this.#ahead(segment, player, at);
    const change = correction(ahead, runs ? speed : 1);
    if (change.seek || (!runs && Math.abs(ahead) > 0.001 && !this.state.get().playing)) {
      if (!player.seeking && !(player.ended && ahead < 0)) player.currentTime = (at - segment.start) / SECOND;
    } else if (!change.seek && player.playbackRate !== change.rate) player.playbackRate = change.rate;
    if (runs && player.paused && !player.ended) player.play().catch(() => undefined);
  }

  #ahead(segment: Segment, player: Player, at: number): number {
    return player.currentTime - (at - segment.start) / SECOND;
  }

  #note(segment: Segment): void {
    const { broken } = this.state.get();
    if (!broken.includes(segment)) this.state.set({ broken: [...broken, segment] });
  }

  #show(at: number, change: Partial<PlaybackState>): void {
    const { shown } = this.state.get();
    const same = change.shown && LEGS.every((leg) => change.shown?.[leg] === shown[leg]);
    this.state.set({ at, ...change, ...(same ? { shown } : {}) });
  }
}
