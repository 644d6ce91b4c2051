import { expect, test } from "vitest";

import { obstacleOf } from "./obstacle";

const page = { decision: "required", state: "created", can_call: true } as const;

test("a verification without a result can be called for, a rejected one too", () => {
  expect(obstacleOf(page)).toBeNull();
  expect(obstacleOf({ ...page, state: "rejected" })).toBeNull();
});

test.each([
  [{ decision: "not_possible" }, "not_possible"],
  [{ state: "confirmed", can_call: false }, "confirmed"],
  [{ state: "expired", can_call: false }, "expired"],
  [{ can_call: false }, "stopped"],
] as const)("%o: %s", (change, obstacle) => {
  expect(obstacleOf({ ...page, ...change })).toBe(obstacle);
});
