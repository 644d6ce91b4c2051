import { describe, expect, test } from "vitest";
import { applyChanges, type Change } from "./changes";
import cases from "./changes.cases.json";

interface Case {
  readonly name: string;
  readonly old: unknown;
  readonly new: unknown;
  readonly changes: unknown;
}

// The server's own differences: its tests compare them with this file.
test.each(cases as Case[])("$name", ({ old, new: next, changes }) => {
  expect(applyChanges(old, changes as Change[])).toEqual(next);
});

describe("a view is never changed in place", () => {
  const old = { call: { state: "ringing", lost: [{ leg: "agent" }] }, agent: { ready: true } };
  const next = applyChanges(old, [[["call", "state"], "active"]]);

  test("the old one stays as it was", () => expect(old.call.state).toBe("ringing"));
  test("what is not touched is shared", () => {
    expect(next.agent).toBe(old.agent);
    expect(next.call.lost).toBe(old.call.lost);
    expect(next.call).not.toBe(old.call);
  });
});

test.each<[string, Change["0"]]>([
  ["a field that is not there", ["cal", "state"]],
  ["a field of nothing", ["call", "state"]],
  ["a place beyond the end", ["teams", 1]],
  ["what every object inherits", ["toString"]],
])("%s is no place for a value", (_, path) => {
  expect(() => applyChanges({ call: null, teams: [{}] }, [[path, 1]])).toThrow(TypeError);
});
