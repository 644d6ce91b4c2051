import { describe, expect, test } from "vitest";

import type { CallRecordings, Seconds } from "../../common/types";
import type { Axis } from "./axis";
import { pathOf, plotsOf, type Point, topOf, valueAt } from "./plots";

const S = 1_000_000;
const AXIS: Axis = { zero: 100 * S, length: 10 * S, segments: [] };

function row(media: number, from: number, frames: number[], more: Partial<Seconds> = {}): CallRecordings["facts"][number] {
  const of = <Value,>(value: Value): Value[] => frames.map(() => value);
  const seconds = { video_bits: of(800_000), audio_bits: of(32_000), frames, lost: of(0), round_trip: of(null), frozen: of(false), ...more };
  return { leg: "customer", media, first_at: AXIS.zero + from * S, seconds };
}

const at = (points: readonly Point[]): [number, number | null][] => points.map((point) => [point.at / S, point.value]);

describe("what was measured", () => {
  test("stands in its second, in units that people read", () => {
    const { points } = plotsOf(AXIS, [row(1, 0, [30, 12], { lost: [0, 3], round_trip: [null, 41_200] })], "customer");
    expect(at(points.frames)).toEqual([[0, 30], [1, 12]]);
    expect(at(points.bits)).toEqual([[0, 832], [1, 832]]);
    expect(at(points.lost)).toEqual([[0, 0], [1, 3]]);
    expect(at(points.round_trip)).toEqual([[0, null], [1, 41.2]]);
  });

  test("is in order however it came, and the newer connection's where two tell of one second", () => {
    const { points } = plotsOf(AXIS, [row(2, 2, [7]), row(1, 0, [30, 29, 1])], "customer");
    expect(at(points.frames)).toEqual([[0, 30], [1, 29], [2, 7]]);
  });

  test("of the other leg is left out", () => {
    expect(plotsOf(AXIS, [row(1, 0, [30])], "agent")).toEqual({ points: { bits: [], frames: [], lost: [], round_trip: [] }, frozen: [] });
  });

  test("tells which seconds were frozen", () => {
    expect(plotsOf(AXIS, [row(1, 0, [30, 0, 0], { frozen: [false, true, true] })], "customer").frozen).toEqual([
      { start: S, end: 2 * S },
      { start: 2 * S, end: 3 * S },
    ]);
  });

  test("is read off at an instant", () => {
    const { points } = plotsOf(AXIS, [row(1, 1, [30, 12])], "customer");
    expect([0.5, 1, 1.999, 2, 3].map((second) => valueAt(points.frames, second * S))).toEqual([null, 30, 30, 12, null]);
  });
});

const line = (...values: (number | null)[]): Point[] => values.map((value, second) => ({ at: second * S, value }));

test("the top of a plot is a round number, and never so low that a quiet line looks wild", () => {
  expect(topOf("frames", [line(30), line(29)])).toBe(30);
  expect(topOf("bits", [line(3, null)])).toBe(500);
  expect(topOf("bits", [line(832), line(1_130)])).toBe(1_500);
  expect(topOf("round_trip", [[], []])).toBe(100);
});

test("a line goes through the middle of each second and breaks where one is missing", () => {
  expect(pathOf(line(0, 50, null, 100), AXIS, 100, 1_000, 100)).toBe("M50.0 100.0h0L150.0 50.0M350.0 0.0h0");
  const apart: Point[] = [{ at: 0, value: 100 }, { at: 5 * S, value: 100 }];
  expect(pathOf(apart, AXIS, 100, 1_000, 100)).toBe("M50.0 0.0h0M550.0 0.0h0");
});
