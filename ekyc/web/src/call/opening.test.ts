import { describe, expect, test } from "vitest";

import { isKept, openingTime, weekLines } from "./opening";

const time = (weekday: number, since: string, until: string) => ({ weekday, since, until });
const WEEK = [1, 2, 3, 4, 5, 6].flatMap((day) => [time(day, "08:00", "12:00"), time(day, "13:00", "17:00")]);

describe("a team's week", () => {
  test("neighbouring days of equal times are one line", () => {
    expect(weekLines(WEEK, "vi")).toEqual([{ days: "Thứ Hai – Thứ Bảy", times: "08:00–12:00, 13:00–17:00" }]);
    expect(weekLines(WEEK, "en")).toEqual([{ days: "Monday – Saturday", times: "08:00–12:00, 13:00–17:00" }]);
  });
  test("others stand by themselves", () => {
    const hours = [time(1, "08:00", "12:00"), time(3, "08:00", "12:00"), time(4, "08:00", "12:00"), time(7, "09:00", "10:00")];
    expect(weekLines(hours, "en")).toEqual([
      { days: "Monday", times: "08:00–12:00" },
      { days: "Wednesday – Thursday", times: "08:00–12:00" },
      { days: "Sunday", times: "09:00–10:00" },
    ]);
  });
  test("a team that always works has none", () => {
    expect(weekLines([], "vi")).toEqual([]);
    expect(isKept({ hours: [], opens_at: null })).toBe(false);
    expect(isKept({ hours: WEEK, opens_at: null })).toBe(true);
  });
});

test("the next opening is told in Vietnamese time", () => {
  const monday = Date.UTC(2026, 10, 23, 1) * 1000;
  expect(openingTime(monday, "vi")).toBe("08:00 Thứ Hai, 23/11");
  expect(openingTime(monday, "en")).toMatch(/^Monday,? 23\/11,? (at )?08:00$/);
});
