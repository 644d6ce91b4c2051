import { expect, test } from "vitest";

import { Problem } from "../common/problem";
import { warningsOf } from "./inspect";

const GOOD = { brightness: 130, glare: 0, sharpness: 300, motion: 0, reach: 1 };
const LARGE = { width: 1200, height: 760 };

test("a good picture has no warning", () => {
  expect(warningsOf(LARGE, GOOD, "id_front")).toEqual([]);
});

test.each([
  [{ width: 899, height: 560 }, GOOD, ["low_resolution"]],
  [LARGE, { ...GOOD, brightness: 40 }, ["dark"]],
  [LARGE, { ...GOOD, sharpness: 20 }, ["blurred"]],
  [LARGE, null, []],
])("what may make it less useful is told", (size, seen, warnings) => {
  expect(warningsOf(size, seen, "id_front")).toEqual(warnings);
});

test("a face needs less detail than print", () => {
  expect(warningsOf(LARGE, { ...GOOD, sharpness: 20 }, "portrait")).toEqual([]);
});

test("a picture on which nothing can be made out is of no use", () => {
  expect(() => warningsOf({ width: 199, height: 400 }, GOOD, "portrait")).toThrow(new Problem(422, "picture_too_small"));
});
