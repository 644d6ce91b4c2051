import { expect, test } from "vitest";
import { linkView, type CallOfLeg } from "./link-view";
import type { CallState } from "./messages";

const call = (change: Partial<CallOfLeg> = {}): CallOfLeg => ({
  state: "active",
  media: 2,
  renegotiate: false,
  lost: [],
  ...change,
});

test.each<[CallState, boolean]>([
  ["waiting", false],
  ["ringing", false],
  ["connecting", true],
  ["active", true],
  ["reconnecting", true],
  ["deciding", true],
  ["ended", false],
])("in a call that is %s media flows: %s", (state, wanted) => {
  expect(linkView(call({ state }), "customer", "up").wanted).toBe(wanted);
});

test("only the loss of the own leg counts", () => {
  const given = call({ lost: [{ leg: "agent", until: 1 }] });
  expect(linkView(given, "customer", "up").lost).toBe(false);
  expect(linkView(given, "agent", "up").lost).toBe(true);
});

test("a page that was replaced lets go of the media, one that is only cut off does not", () => {
  expect(linkView(call(), "customer", "replaced").wanted).toBe(false);
  expect(linkView(call(), "customer", "down")).toMatchObject({ wanted: true, socketUp: false });
});

test("without a call nothing is wanted", () => {
  expect(linkView(null, "customer", "up")).toMatchObject({ wanted: false, media: 0, renegotiate: false, lost: false });
});
