import { beforeEach, describe, expect, test } from "vitest";

import type { Axis, Segment } from "./axis";
import { Conductor, type Player } from "./conductor";

const S = 1_000_000;
const FIRST: Segment = { leg: "customer", media: 1, start: 0, end: 20 * S };
const SECOND: Segment = { leg: "customer", media: 2, start: 26 * S, end: 40 * S };
const AGENT: Segment = { leg: "agent", media: 1, start: S, end: 40 * S };
const AXIS: Axis = { zero: 0, length: 40 * S, segments: [FIRST, SECOND, AGENT] };

let now = 0;

/** A player that plays as time passes, `skew` times as fast as it is told, and never waits unless it is made to. */
class Tape implements Player {
  muted = false;
  playbackRate = 1;
  seeking = false;
  readyState = 4;
  error: unknown = null;
  plays = 0;
  #base = 0;
  #since: number | null = null;

  constructor(
    private readonly length = 100,
    private readonly skew = 1,
  ) {}

  get paused(): boolean {
    return this.#since === null;
  }

  get ended(): boolean {
    return this.currentTime >= this.length;
  }

  get currentTime(): number {
    const run = this.#since === null ? 0 : ((now - this.#since) / 1_000) * this.playbackRate * this.skew;
    return Math.min(this.length, this.#base + run);
  }

  set currentTime(at: number) {
    this.#base = Math.min(this.length, at);
    if (this.#since !== null) this.#since = now;
  }

  /** Changes of speed are taken at each step of the test's time. */
  settle(): void {
    this.currentTime = this.currentTime;
  }

  async play(): Promise<void> {
    this.plays += 1;
    this.#since = now;
  }

  pause(): void {
    this.settle();
    this.#since = null;
  }
}

let conductor: Conductor;
let first: Tape;
let second: Tape;
let agent: Tape;

function pass(seconds: number): void {
  for (let tick = 0; tick < seconds * 10; tick += 1) {
    now += 100;
    for (const tape of [first, second, agent]) tape.settle();
    conductor.tick();
  }
}

beforeEach(() => {
  now = 0;
  [first, second, agent] = [new Tape(), new Tape(), new Tape()];
  conductor = new Conductor(AXIS, () => now);
  conductor.attach(FIRST, first);
  conductor.attach(SECOND, second);
  conductor.attach(AGENT, agent);
});

describe("both sides", () => {
  test("play by one clock, each from its own beginning", () => {
    conductor.toggle();
    pass(5);
    expect(conductor.state.get()).toMatchObject({ playing: true, waiting: false, at: 5 * S });
    expect(first.currentTime).toBeCloseTo(5, 1);
    expect(agent.currentTime).toBeCloseTo(4, 1);
  });

  test("stay less than 100 ms apart though one runs too fast", () => {
    agent = new Tape(100, 1.02);
    conductor.attach(AGENT, agent);
    conductor.toggle();
    pass(2);
    for (let second = 0; second < 15; second += 1) {
      pass(1);
      expect(Math.abs(first.currentTime - 1 - agent.currentTime)).toBeLessThan(0.1);
    }
  });

  test("stop together while one of them has to load, and go on together", () => {
    conductor.toggle();
    pass(3);
    agent.readyState = 2;
    pass(2);
    expect(conductor.state.get()).toMatchObject({ waiting: true, playing: true });
    expect([first.paused, agent.paused]).toEqual([true, true]);
    expect(conductor.state.get().at).toBeLessThan(3.2 * S);
    agent.readyState = 4;
    pass(1);
    expect([first.paused, agent.paused, conductor.state.get().waiting]).toEqual([false, false, false]);
  });

  test("stand where they are put while nothing plays", () => {
    conductor.seek(12 * S);
    expect([first.currentTime, agent.currentTime, first.paused]).toEqual([12, 11, true]);
    conductor.move(-5 * S);
    expect([first.currentTime, agent.currentTime]).toEqual([7, 6]);
  });

  test("go at the speed that is asked for", () => {
    conductor.setSpeed(2);
    conductor.toggle();
    pass(4);
    expect(conductor.state.get().at).toBeCloseTo(8 * S, -5);
    expect(agent.playbackRate).toBe(2);
  });
});

test("in a gap one side is not there and the other goes on; then its next file is seen", () => {
  conductor.seek(19 * S);
  conductor.toggle();
  pass(3);
  expect(conductor.state.get().shown).toEqual({ customer: null, agent: AGENT });
  expect([first.paused, agent.paused]).toEqual([true, false]);
  pass(6);
  expect(conductor.state.get().shown.customer).toBe(SECOND);
  expect(second.currentTime).toBeCloseTo(2, 1);
});

test("at the end it stops, and plays again from the beginning", () => {
  conductor.seek(39 * S);
  conductor.toggle();
  pass(2);
  expect(conductor.state.get()).toMatchObject({ playing: false, at: 40 * S, shown: { customer: SECOND, agent: AGENT } });
  expect([second.paused, agent.paused]).toEqual([true, true]);
  conductor.toggle();
  pass(1);
  expect(conductor.state.get().at).toBe(S);
});

test("a file that is a little shorter than it is said to be holds nobody up", () => {
  agent = new Tape(20);
  conductor.attach(AGENT, agent);
  conductor.seek(18 * S);
  conductor.toggle();
  pass(10);
  expect(conductor.state.get().at).toBe(28 * S);
});

test("a file that is broken is told, and the other side is played", () => {
  agent.error = { code: 4 };
  conductor.toggle();
  pass(2);
  expect(conductor.state.get()).toMatchObject({ at: 2 * S, broken: [AGENT] });
  conductor.mend();
  expect(conductor.state.get().broken).toEqual([]);
});

test("each side is silenced by itself", () => {
  conductor.toggle();
  conductor.toggleSound("customer");
  expect([first.muted, agent.muted]).toEqual([true, false]);
  conductor.toggleSound("customer");
  expect(first.muted).toBe(false);
});
