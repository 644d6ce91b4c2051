import { expect, test } from "vitest";

import { stillPending } from "./Steps";

test("a tick is pending until a view shows it", () => {
  expect(stillPending({ data: true, faces: true }, [])).toEqual({ data: true, faces: true });
  expect(stillPending({ data: true, faces: true }, ["data"])).toEqual({ faces: true });
  expect(stillPending({ data: true, faces: true }, ["data", "faces"])).toEqual({});
});

test("so is a tick that is taken back", () => {
  expect(stillPending({ data: false }, ["data", "faces"])).toEqual({ data: false });
  expect(stillPending({ data: false }, ["faces"])).toEqual({});
});
