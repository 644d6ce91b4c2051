import { describe, expect, test } from "vitest";
import { begin, LIMITS, next, type Sending, type Step, type Uplink } from "./sending";

const WELL: Omit<Uplink, "at"> = { heard: true, available: 2_000_000, loss: 0, roundTrip: 40 };

/** Looks once a second: the steps after each, and what is known in the end. */
function run(from: Sending, seconds: number, uplink: Partial<Uplink>): { steps: Step[]; end: Sending; at: number } {
  let sending = from;
  let at = from.since;
  const steps: Step[] = [];
  for (let second = 0; second < seconds; second += 1) {
    at += 1_000;
    sending = next(sending, { ...WELL, ...uplink, at });
    steps.push(sending.step);
  }
  // The next run goes on where this one ended.
  return { steps, end: { ...sending, since: sending.since - at }, at };
}

const at = (step: Step, change: Partial<Sending> = {}): Sending => ({ ...begin(0), step, leastRoundTrip: 40, ...change });
const secondsTo = (step: Step, from: Sending, uplink: Partial<Uplink>): number =>
  run(from, 120, uplink).steps.findIndex((reached) => reached === step) + 1;

describe("a full picture is sent", () => {
  test.each<[string, Partial<Uplink>]>([
    ["on a good network", {}],
    ["while 3 % are lost", { loss: 0.03 }],
    ["over a long way that is always long", { roundTrip: 550 }],
    ["where the browser tells no estimate", { available: null }],
    ["when nothing is known of the round trip", { roundTrip: null }],
  ])("%s", (_words, uplink) => {
    expect(new Set(run(begin(0), 60, uplink).steps)).toEqual(new Set(["full"]));
  });

  test("while congestion control climbs at the beginning", () => {
    expect(new Set(run(begin(0), 8, { available: 50_000 }).steps)).toEqual(new Set(["full"]));
  });
});

describe("it gets slower", () => {
  test.each<[string, Partial<Uplink>]>([
    ["where a tenth is lost", { loss: 0.1 }],
    ["where packets wait in a queue", { roundTrip: 700 }],
  ])("%s for 3 s", (_words, uplink) => {
    expect(secondsTo("slower", at("full", { since: 0 }), uplink)).toBe(4);
  });

  test("where there is too little bandwidth once congestion control has climbed", () => {
    expect(secondsTo("slower", begin(0), { available: 190_000 })).toBe(12);
  });

  test("not for a bad moment", () => {
    const moment = run(at("full"), 3, { loss: 0.5 }).end;
    expect(new Set(run(moment, 10, {}).steps)).toEqual(new Set(["full"]));
  });
});

describe("it pauses", () => {
  test.each<[string, Partial<Uplink>]>([
    ["where a fifth is lost", { loss: 0.2 }],
    ["where the queue does not empty", { roundTrip: 1_500 }],
  ])("%s although it is slow", (_words, uplink) => {
    expect(secondsTo("paused", at("slower"), uplink)).toBe(3);
  });

  test("where nothing is left beside the sound, once the estimate has had time to climb", () => {
    expect(secondsTo("paused", at("slower"), { available: 55_000 })).toBe(11);
  });

  test("never while a slow one fits", () => {
    expect(new Set(run(at("slower"), 60, { available: 80_000, loss: 0.12 }).steps)).toEqual(new Set(["slower"]));
  });
});

describe("it comes back", () => {
  test("small at first, then slow, then full, on a network that is good again", () => {
    const { steps } = run(at("paused"), 30, {});
    expect(steps.filter((step, index) => step !== steps[index - 1])).toEqual(["paused", "trial", "slower", "full"]);
    expect(steps.indexOf("trial")).toBe(5);
  });

  test("whatever the estimate says while hardly more than sound is sent", () => {
    expect(secondsTo("trial", at("paused"), { available: 40_000 })).toBe(6);
    expect(secondsTo("slower", at("trial"), { available: 50_000 })).toBe(5);
  });

  test("not to the full while that would not fit", () => {
    expect(new Set(run(at("slower"), 60, { available: 250_000 }).steps)).toEqual(new Set(["slower"]));
  });

  test("later after each trial that did not last, but never more than 30 s later", () => {
    let sending = at("paused");
    const waits: number[] = [];
    for (let trial = 0; trial < 5; trial += 1) {
      const wait = secondsTo("trial", sending, {});
      waits.push(wait);
      sending = run(run(sending, wait, {}).end, 4, { loss: 0.3 }).end;
      expect(sending.step).toBe("paused");
      sending = { ...sending, since: 0 };
    }
    expect(waits).toEqual([6, 11, 21, 31, 31]);
  });

  test("soon again once a rise has lasted", () => {
    const proven = run(at("slower", { rose: true, patience: 30_000 }), 25, { available: 250_000 }).end;
    expect(proven.patience).toBe(5_000);
    const fallen = run(at("slower", { rose: false, patience: 30_000 }), 25, { available: 250_000 }).end;
    expect(fallen.patience).toBe(30_000);
  });
});

describe("while the server is not heard", () => {
  test("nothing is changed, whatever the last figures were", () => {
    for (const step of ["full", "slower", "paused"] as const) {
      expect(new Set(run(at(step), 20, { heard: false, loss: 0.9, available: 0 }).steps)).toEqual(new Set([step]));
    }
  });

  test("what was bad before counts no more", () => {
    const before = run(at("full"), 3, { loss: 0.5 }).end;
    const silent = run(before, 1, { heard: false }).end;
    expect(run(silent, 3, { loss: 0.5 }).end.step).toBe("full");
  });
});

test("the resolution is no part of any step, and every step but the last sends", () => {
  expect(Object.values(LIMITS).map(({ active }) => active)).toEqual([true, true, true, false]);
  expect(Object.keys(LIMITS.slower)).toEqual(["active", "maxBitrate", "maxFramerate"]);
});
