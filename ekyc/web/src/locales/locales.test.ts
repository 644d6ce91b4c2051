import { describe, expect, test } from "vitest";

import en from "./en.json";
import vi from "./vi.json";

interface Texts {
  readonly [key: string]: string | Texts;
}

/** The address of every text; the plural forms of a language count as one text. */
function addresses(group: Texts, path = ""): string[] {
  const found = Object.entries(group).flatMap(([key, value]) =>
    typeof value === "string" ? [`${path}${key.replace(/_ordinal_\w+$/, "")}`] : addresses(value, `${path}${key}.`),
  );
  return [...new Set(found)].sort();
}

describe("the two languages", () => {
  test("have the same texts", () => {
    expect(addresses(vi)).toEqual(addresses(en));
  });
  test("leave no text empty", () => {
    expect(JSON.stringify([vi, en])).not.toContain('""');
  });
});
