import { describe, expect, test } from "vitest";

import type { Case, CaseCall, Recording } from "../../common/types";
import { type Axis, axisOf, clustered, gaps, type Mark, marksOf, segmentAt } from "./axis";

const S = 1_000_000;
const ZERO = 5_000 * S;

function recording(leg: Recording["leg"], media: number, from: number, length: number | null): Recording {
  const closed = length !== null;
  const rest = { size: closed ? 1_000 : null, sha256: closed ? "ab" : null, closed_at: closed ? ZERO : null };
  return { leg, media, began_at: ZERO + from * S, length: closed ? length * S : null, ...rest };
}

// The customer was away from 20 to 26, and his new connection overlaps the agent's only file.
const RECORDINGS = [recording("customer", 1, 0, 20), recording("customer", 2, 26, 14), recording("agent", 1, 1, 38)];

function axis(recordings = RECORDINGS): Axis {
  const made = axisOf({ recordings, facts: [] });
  if (!made) throw new Error("no axis");
  return made;
}

describe("the axis", () => {
  test("goes from the first that was recorded to the last", () => {
    expect(axis()).toMatchObject({ zero: ZERO, length: 40 * S });
    expect(axis().segments.map(({ leg, media, start, end }) => [leg, media, start / S, end / S])).toEqual([
      ["customer", 1, 0, 20],
      ["customer", 2, 26, 40],
      ["agent", 1, 1, 39],
    ]);
  });

  test("leaves out what is still being written, and what has nothing in it", () => {
    expect(axis([...RECORDINGS, recording("agent", 2, 39, null), recording("agent", 3, 50, 0)]).segments).toHaveLength(3);
  });

  test("is there for what was measured, too", () => {
    const seconds = { video_bits: [1, 1], audio_bits: [1, 1], frames: [1, 1], lost: [0, 0], round_trip: [null, null], frozen: [false, false] };
    expect(axisOf({ recordings: [], facts: [{ leg: "agent", media: 1, first_at: ZERO, seconds }] })).toEqual({ zero: ZERO, length: 2 * S, segments: [] });
  });

  test("is not there where there is nothing", () => {
    expect(axisOf({ recordings: [recording("agent", 1, 0, null)], facts: [] })).toBeNull();
  });
});

describe("the file that is seen", () => {
  const media = (leg: "customer" | "agent", at: number): number | undefined => segmentAt(axis().segments, leg, at * S)?.media;

  test("is the one whose stretch it is", () => {
    expect([0, 19.999, 26, 39.999].map((at) => media("customer", at))).toEqual([1, 1, 2, 2]);
  });

  test("is none in a gap, before the beginning and at the end", () => {
    expect([20, 25.999, 40].map((at) => media("customer", at))).toEqual([undefined, undefined, undefined]);
    expect([0, 39].map((at) => media("agent", at))).toEqual([undefined, undefined]);
  });

  test("is the newer one where two overlap", () => {
    const both = axis([recording("customer", 1, 0, 20), recording("customer", 2, 18, 10)]);
    expect(segmentAt(both.segments, "customer", 19 * S)?.media).toBe(2);
  });
});

test("gaps are what no file covers", () => {
  const seconds = (leg: "customer" | "agent"): number[][] => gaps(axis(), leg).map(({ start, end }) => [start / S, end / S]);
  expect(seconds("customer")).toEqual([[20, 26]]);
  expect(seconds("agent")).toEqual([
    [0, 1],
    [39, 40],
  ]);
});

describe("marks", () => {
  const call = { id: "c1", gaps: [{ leg: "customer", from: ZERO + 20 * S, until: ZERO + 26 * S }, { leg: "agent", from: ZERO + 39 * S, until: null }] } as unknown as CaseCall;
  const data = {
    verdicts: [
      { call: "c1", verdict: "confirmed", pressed_at: ZERO + 36 * S },
      { call: "c0", verdict: "rejected", pressed_at: ZERO + 3 * S },
    ],
    pictures: [
      { call: "c1", kind: "snapshot", at: ZERO + 36 * S - 200_000 },
      { call: "c1", kind: "agent", at: ZERO + 36 * S },
      { call: null, kind: "portrait", at: ZERO + S },
      { call: "c1", kind: "extra", at: ZERO - 9 * S },
    ],
  } as unknown as Pick<Case, "verdicts" | "pictures">;

  test("are what happened in this call while it was recorded, in order", () => {
    expect(marksOf(axis(), call, data).map(({ what, at }) => [what, at / S])).toEqual([
      ["lost_customer", 20],
      ["back_customer", 26],
      ["picture", 35.8],
      ["verdict", 36],
      ["lost_agent", 39],
    ]);
  });

  test("that stand too close together are one", () => {
    const at = (place: number): Mark => ({ at: place, what: "picture", values: {}, look: "picture" });
    expect(clustered([0, 3, 9, 10, 19, 30].map(at), 10).map((cluster) => cluster.length)).toEqual([3, 2, 1]);
    expect(clustered([], 10)).toEqual([]);
  });
});
