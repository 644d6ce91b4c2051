import { describe, expect, test } from "vitest";

import { figures, greyOf, hintOf, type Grey } from "./analyse";

const [WIDTH, HEIGHT] = [160, 100];

/** A picture drawn by a function of the place. */
function drawn(luma: (x: number, y: number) => number): Grey {
  const values = Array.from({ length: WIDTH * HEIGHT }, (_, i) => luma(i % WIDTH, Math.floor(i / WIDTH)));
  return { width: WIDTH, height: HEIGHT, luma: new Uint8ClampedArray(values) };
}

const stripes = (x: number): number => (Math.floor(x / 3) % 2 ? 190 : 110);
const CARD = drawn(stripes);
const soft = drawn((x) => 150 + 40 * Math.sin(x / 8));
const hint = (now: Grey, before: Grey | null = now, isCard = true) => hintOf(figures(now, before), isCard);

describe("the hint", () => {
  test("a crisp card that fills the frame is good", () => {
    expect(hint(CARD)).toBe("good");
  });
  test("too little light", () => {
    expect(hint(drawn((x) => stripes(x) / 4))).toBe("brighter");
  });
  test("a glaring reflection", () => {
    expect(hint(drawn((x, y) => (x > 60 && x < 100 && y < 60 ? 255 : stripes(x))))).toBe("darker");
  });
  test("movement since the picture before", () => {
    expect(hint(CARD, drawn((x) => stripes(x + 3)))).toBe("hold_still");
  });
  test("a card far away leaves the rim empty", () => {
    const far = drawn((x, y) => (Math.abs(x - 80) < 30 && Math.abs(y - 50) < 20 ? stripes(x) : 150));
    expect(hint(far)).toBe("closer");
  });
  test("blurred edges", () => {
    expect(hint(soft)).toBe("sharper");
  });
  test("a portrait needs neither a rim nor print", () => {
    expect(hint(drawn((x, y) => (Math.hypot(x - 80, y - 50) < 30 ? stripes(x) : 150)), null, false)).toBe("good");
  });
});

test("colours become luma", () => {
  const data = new Uint8ClampedArray([255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255, 255, 255, 255, 255]);
  expect([...greyOf({ data, width: 2, height: 2 }).luma]).toEqual([76, 150, 29, 255]);
});
