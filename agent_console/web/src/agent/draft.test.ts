import { expect, test } from "vitest";

import { keptDraft } from "./draft";

const KEPT = JSON.stringify({ call: "c1", note: "wears glasses", fraud: true });

test("a draft comes back after a reload of its call", () => {
  expect(keptDraft(KEPT, "c1")).toEqual({ note: "wears glasses", fraud: true });
});

test.each([[KEPT, "c2"], [null, "c1"], ["{", "c1"], ["null", "c1"]])("%s is no draft of call %s", (stored, call) => {
  expect(keptDraft(stored, call)).toEqual({ note: "", fraud: false });
});
