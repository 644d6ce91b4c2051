import { describe, expect, test } from "vitest";

import { moved, turned, WHOLE, zoomed } from "./zoom";

const FRAME = { width: 400, height: 200 };

describe("a picture in its frame", () => {
  test("grows around the point under the pointer", () => {
    const { scale, x, y } = zoomed(WHOLE, 2, FRAME, 100, -50);
    expect([scale, x, y]).toEqual([2, -100, 50]);
  });

  test("is never smaller than whole nor larger than eight times", () => {
    expect(zoomed(WHOLE, 0.5, FRAME)).toEqual(WHOLE);
    expect(zoomed(WHOLE, 100, FRAME).scale).toBe(8);
  });

  test("never leaves its frame", () => {
    const large = zoomed(WHOLE, 2, FRAME);
    expect(moved(large, 1_000, -1_000, FRAME)).toMatchObject({ x: 200, y: -100 });
    expect(moved(WHOLE, 50, 50, FRAME)).toEqual(WHOLE);
  });

  test("is whole in the middle again when it is made small", () => {
    const away = moved(zoomed(WHOLE, 4, FRAME), 300, 80, FRAME);
    expect(zoomed(away, 0.01, FRAME)).toEqual(WHOLE);
  });

  test("turns by quarters and is whole after each", () => {
    const large = zoomed(WHOLE, 3, FRAME);
    expect(turned(large)).toEqual({ ...WHOLE, turns: 1 });
    expect([1, 2, 3, 4].reduce(turned, WHOLE)).toEqual(WHOLE);
  });
});
