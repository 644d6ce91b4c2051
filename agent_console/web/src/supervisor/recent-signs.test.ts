import { expect, test } from "vitest";

import type { Sign } from "../common/types";
import { recent } from "./recent-signs";

const DAY = 86_400_000_000;

function sign(id: string, at: number): Sign {
  return { id, kind: "early_hang_ups", team: "CTKV1", agent: "agent1", dealer: null, at, calls: [] };
}

test("only the last day's signs stand above the floor", () => {
  const now = 10 * DAY;
  const told = [sign("a", now - 1), sign("b", now - DAY + 1), sign("c", now - DAY)];
  expect(recent(told, now).map((each) => each.id)).toEqual(["a", "b"]);
});

test("no more than five, the newest", () => {
  const told = Array.from({ length: 9 }, (_, place) => sign(String(place), DAY - place));
  expect(recent(told, DAY).map((each) => each.id)).toEqual(["0", "1", "2", "3", "4"]);
});
