import { expect, test } from "vitest";

import type { OwnCall } from "../common/types";
import { byHour } from "./day";

const at = (time: string): number => Date.parse(`2026-11-20T${time}:00+07:00`) * 1000;

function call(time: string, outcome: OwnCall["outcome"], verdict: OwnCall["verdict"] = null) {
  return { started_at: at(time), ended_at: at(time), outcome, verdict };
}

test("a day without calls shows the office's hours", () => {
  const hours = byHour([]);
  expect([hours[0]?.hour, hours.at(-1)?.hour, hours.length]).toEqual([8, 16, 9]);
});

test("calls are counted by the hour and by how they ended", () => {
  const hours = byHour([call("09:05", "confirmed", "confirmed"), call("09:59", "rejected", "rejected"), call("10:00", "connection_lost")]);
  expect(hours[1]).toEqual({ hour: 9, confirmed: 1, rejected: 1, other: 0 });
  expect(hours[2]).toEqual({ hour: 10, confirmed: 0, rejected: 0, other: 1 });
});

test("a late verdict counts, not the end of its call", () => {
  expect(byHour([call("09:00", "cancelled", "rejected")])[1]?.rejected).toBe(1);
});

test("calls outside of the hours widen the plot; those without any time are left out", () => {
  const hours = byHour([call("06:30", "confirmed"), { started_at: null, ended_at: null, outcome: null, verdict: null }]);
  expect([hours[0]?.hour, hours.reduce((sum, { confirmed, other }) => sum + confirmed + other, 0)]).toEqual([6, 1]);
});
