import { expect, test } from "vitest";

import { correction, FAR, NEAR } from "./drift";

test.each([0, NEAR, -NEAR])("a player that is %d s off is left alone", (ahead) => {
  expect(correction(ahead, 1)).toEqual({ seek: false, rate: 1 });
  expect(correction(ahead, 2)).toEqual({ seek: false, rate: 2 });
});

test("one that is ahead goes slower, one that is behind faster, the more the further it is off", () => {
  const rates = [0.05, 0.2, -0.05, -0.2].map((ahead) => correction(ahead, 1));
  expect(rates).toEqual([0.97, 0.92, 1.03, 1.08].map((rate) => ({ seek: false, rate: expect.closeTo(rate) })));
});

test.each([1, 1.5, 2])("at %d x one that is more than a quarter of a second off is put right at once", (speed) => {
  expect(correction(FAR, speed).seek).toBe(false);
  expect(correction(FAR + 0.001, speed)).toEqual({ seek: true });
  expect(correction(-FAR - 0.001, speed)).toEqual({ seek: true });
});

test("left to the corrections a player comes back within three seconds", () => {
  let ahead = 0.24;
  for (let tick = 0; tick < 30; tick += 1) {
    const change = correction(ahead, 1);
    if (!change.seek) ahead += (change.rate - 1) * 0.1;
  }
  expect(Math.abs(ahead)).toBeLessThan(0.05);
});
