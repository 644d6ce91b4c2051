import { describe, expect, test } from "vitest";

import en from "../locales/en.json";
import vi from "../locales/vi.json";
import { chosenLanguage } from "./language";

type Tree = { [key: string]: string | Tree };

function flat(tree: Tree, prefix = ""): Map<string, string> {
  return new Map(
    Object.entries(tree).flatMap(([key, value]) =>
      typeof value === "string" ? [[prefix + key, value] as const] : [...flat(value, `${prefix}${key}.`)],
    ),
  );
}

const [vietnamese, english] = [flat(vi), flat(en)];
const sources = import.meta.glob<string>("../**/*.{ts,tsx}", { query: "?raw", import: "default", eager: true });
const written = Object.entries(sources).filter(([name]) => !name.endsWith(".test.ts") && !name.endsWith(".test.tsx"));

describe("the two languages", () => {
  test("have the same keys", () => {
    expect([...vietnamese.keys()].sort()).toEqual([...english.keys()].sort());
  });

  test("leave nothing empty and put the same values into a sentence", () => {
    const values = (text: string | undefined): string[] => (text?.match(/{{\w+}}/g) ?? []).sort();
    for (const [key, text] of vietnamese) {
      expect(text.trim(), key).not.toBe("");
      expect(values(text), key).toEqual(values(english.get(key)));
    }
  });

  test("begin with Vietnamese and remember the choice", () => {
    expect([null, "vi", "en", "xx"].map(chosenLanguage)).toEqual(["vi", "vi", "en", "vi"]);
  });
});

test("every key that stands in the source has its sentence", () => {
  for (const [name, source] of written) {
    for (const [, key] of source.matchAll(/\bt\(\s*"([\w.]+)"/g)) expect(english.has(key ?? ""), `${name}: ${key}`).toBe(true);
  }
});

// What is printed on a key is the same in every language.
test("no text stands in the markup but for the names of keys", () => {
  for (const [name, source] of written.filter(([name]) => name.endsWith(".tsx"))) {
    const texts = [...source.matchAll(/<\/?(?!Kbd>)[A-Z][\w.]*[^<>{}=]*>([^<>{}();=]+)</g)].map(([, text]) => text?.trim() ?? "");
    expect(texts.filter((text) => /\p{L}{2}/u.test(text)), name).toEqual([]);
  }
});
