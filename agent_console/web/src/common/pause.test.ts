import i18next from "i18next";
import { beforeAll, expect, test } from "vitest";

import en from "../locales/en.json";
import { pauseWord } from "./pause";

beforeAll(() => i18next.init({ lng: "en", resources: { en: { translation: en } } }));

const OWN = [
  { code: "prayer", vi: "Cầu nguyện", en: "Prayer" },
  { code: "meal", vi: "Cơm", en: "Canteen" },
];

test("a team's own words go before ours", () => {
  expect(pauseWord(i18next.t, "vi", OWN, "prayer")).toBe("Cầu nguyện");
  expect(pauseWord(i18next.t, "en", OWN, "meal")).toBe("Canteen");
  expect(pauseWord(i18next.t, "en", [], "meal")).toBe(en.pause.meal);
});

test("a reason that the team has given up is some other reason", () => {
  expect(pauseWord(i18next.t, "en", OWN, "smoke")).toBe(en.pause.other);
});
