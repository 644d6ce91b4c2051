import { expect, test } from "vitest";
import { ServerClock } from "./server-clock";

const NOON = 1_790_000_000_000_000;

test("nothing is known before the first view", () => {
  expect(new ServerClock().now(5)).toBe(0);
});

test("server time runs on with the monotonic clock", () => {
  const clock = new ServerClock();
  clock.heard(NOON, 100);
  expect(clock.now(1100)).toBe(NOON + 1_000_000);
});

test("a view that took long to arrive does not set it back", () => {
  const clock = new ServerClock();
  clock.heard(NOON, 100);
  clock.heard(NOON + 1_000_000, 1900);
  expect(clock.now(2100)).toBe(NOON + 2_000_000);
});

test("a monotonic clock that slept is caught up", () => {
  const clock = new ServerClock();
  clock.heard(NOON, 100);
  clock.heard(NOON + 60_000_000, 200);
  expect(clock.now(200)).toBe(NOON + 60_000_000);
});

test("after a new connection the next view counts, even an earlier one", () => {
  const clock = new ServerClock();
  clock.heard(NOON, 100);
  clock.restart();
  clock.heard(NOON - 1_000_000, 100);
  expect(clock.now(100)).toBe(NOON - 1_000_000);
});
