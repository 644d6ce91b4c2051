import { expect, test } from "vitest";

import { centred, grown, inPicture } from "./frame";

test("the frame is the largest that fits, in the middle", () => {
  expect(centred({ width: 400, height: 800 }, 2, 0.9)).toEqual({ x: 20, y: 310, width: 360, height: 180 });
  expect(centred({ width: 800, height: 200 }, 2, 0.5)).toEqual({ x: 300, y: 50, width: 200, height: 100 });
});

test("a picture that covers the screen is cut at its sides", () => {
  const box = { x: 0, y: 0, width: 100, height: 200 };
  expect(inPicture(box, { width: 100, height: 200 }, { width: 400, height: 400 })).toEqual({
    x: 100,
    y: 0,
    width: 200,
    height: 400,
  });
});

test("papers keep a margin, as far as the picture goes", () => {
  expect(grown({ x: 100, y: 0, width: 200, height: 100 }, 0.1, { width: 400, height: 105 })).toEqual({
    x: 80,
    y: 0,
    width: 240,
    height: 105,
  });
});
