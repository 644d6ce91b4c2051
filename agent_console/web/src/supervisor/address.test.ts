import { describe, expect, test } from "vitest";

import { type Address, NO_FILTERS, read, write } from "./address";
import { searchOf } from "./VerificationList";

const ADDRESSES: Address[] = [
  { view: "floor" },
  { view: "list", filters: NO_FILTERS },
  { view: "list", filters: { q: "Ánh & Bình", state: "rejected", company: "CTKV1", from: "2026-11-01", to: "2026-11-20" } },
  { view: "case", id: "0190" },
];

describe("the address", () => {
  test.each(ADDRESSES)("gives back what was written: $view", (address) => {
    expect(read(write(address))).toEqual(address);
  });

  test("leaves empty filters out", () => {
    expect(write({ view: "list", filters: { ...NO_FILTERS, state: "created" } })).toBe("?view=list&state=created");
  });

  test("without anything is the floor", () => {
    expect(read("")).toEqual({ view: "floor" });
    expect(read("?view=nonsense")).toEqual({ view: "floor" });
  });
});

test("days become instants in Vietnam, the last one whole", () => {
  const search = searchOf({ ...NO_FILTERS, from: "2026-11-20", to: "2026-11-20" });
  expect(search.from).toBe(Date.parse("2026-11-19T17:00:00Z") * 1000);
  expect((search.to ?? 0) - (search.from ?? 0)).toBe(86_400_000_000);
  expect(searchOf(NO_FILTERS)).toEqual({ q: "", state: "", company: "", from: null, to: null });
});
