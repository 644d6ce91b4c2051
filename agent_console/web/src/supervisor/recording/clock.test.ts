import { expect, test } from "vitest";

import { MasterClock } from "./clock";

const S = 1_000_000;

test("it runs at its speed, stands while it is stopped, and ends at the end", () => {
  const clock = new MasterClock(10 * S);
  expect([clock.at(0), clock.at(500)]).toEqual([0, 0]);
  clock.run(1_000);
  clock.run(1_500);
  expect(clock.at(2_000)).toBe(S);
  clock.setSpeed(2, 2_000);
  expect(clock.at(3_000)).toBe(3 * S);
  clock.stop(3_000);
  expect(clock.at(9_000)).toBe(3 * S);
  clock.run(9_000);
  expect(clock.at(99_000)).toBe(10 * S);
});

test("it is put where it is asked to be, within the axis, running or not", () => {
  const clock = new MasterClock(10 * S);
  clock.seek(4 * S, 0);
  clock.run(1_000);
  clock.seek(2 * S, 5_000);
  expect(clock.at(6_000)).toBe(3 * S);
  clock.seek(-S, 6_000);
  expect(clock.at(6_000)).toBe(0);
  clock.seek(99 * S, 6_000);
  expect(clock.at(6_000)).toBe(10 * S);
});
