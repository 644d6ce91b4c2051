import { describe, expect, test } from "vitest";

import { date, dateAndTime, duration, hourOf, paperDate, secondsUntil, startOfDay, timeOfDay } from "./format";

// 2026-11-20T17:30:05Z: half past midnight of the next day in Vietnam.
const INSTANT = Date.parse("2026-11-20T17:30:05Z") * 1000;

describe("instants are shown as Vietnam's time, whatever the device's zone", () => {
  test.each(["vi", "en"])("in %s", (locale) => {
    expect(timeOfDay(INSTANT, locale)).toBe("00:30:05");
    expect(date(INSTANT, locale)).toBe("21/11/2026");
    expect(dateAndTime(INSTANT, locale)).toBe("21/11/2026 00:30:05");
  });

  test("the hour of the day runs from 0 to 23", () => {
    expect(hourOf(INSTANT)).toBe(0);
    expect(hourOf(INSTANT - 1_900_000_000)).toBe(23);
  });

  test("a day begins at midnight there", () => {
    expect(startOfDay("2026-11-21")).toBe(Date.parse("2026-11-20T17:00:00Z") * 1000);
    expect(startOfDay("21.11.")).toBeNull();
  });
});

test.each([
  [-5, "0:00"],
  [4_999_999, "0:04"],
  [72_000_000, "1:12"],
  [3_723_000_000, "1:02:03"],
])("%i microseconds are %s", (microseconds, shown) => {
  expect(duration(microseconds)).toBe(shown);
});

test("a countdown shows a second until it is over", () => {
  expect(secondsUntil(11_000_001, 0)).toBe(12);
  expect(secondsUntil(10, 10)).toBe(0);
  expect(secondsUntil(0, 99)).toBe(0);
});

test("dates of papers are written day first; what is no date stays", () => {
  expect(paperDate("1990-04-30")).toBe("30/04/1990");
  expect(paperDate("1990")).toBe("1990");
});
