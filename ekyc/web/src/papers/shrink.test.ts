import { expect, test } from "vitest";

import { fitted } from "./shrink";

test.each([
  [4000, 3000, 2000, 1500],
  [3000, 4000, 1500, 2000],
  [1280, 720, 1280, 720],
  [2000, 1, 2000, 1],
])("%i x %i is sent as %i x %i", (width, height, sentWidth, sentHeight) => {
  expect(fitted(width, height)).toEqual({ width: sentWidth, height: sentHeight });
});
