import type { FloorAgent, FloorCall } from "#client";
import { expect, test } from "vitest";

import { inOrder, tally } from "./floor-order";

function agent(name: string, state: FloorAgent["state"]): FloorAgent {
  return { id: name, name, state, reason: null, since: 0, call: null };
}

test("those at work stand first, then by name as Vietnamese sorts", () => {
  const agents = [agent("Đức", "free"), agent("Dung", "free"), agent("An", "offline"), agent("Yến", "in_call")];
  expect(inOrder(agents).map(({ name }) => name)).toEqual(["Yến", "Dung", "Đức", "An"]);
});

test("a floor is counted", () => {
  const agents = [agent("a", "free"), agent("b", "ringing"), agent("c", "wrap_up"), agent("d", "paused"), agent("e", "offline")];
  const calls = [{ state: "waiting" }, { state: "active" }] as FloorCall[];
  expect(tally({ agents, calls })).toEqual({ free: 1, busy: 2, paused: 1, waiting: 1 });
});
