import i18next from "i18next";
import { beforeAll, expect, test } from "vitest";

import en from "../locales/en.json";
import { Problem } from "./api";
import { answerSentence, problemSentence } from "./sentences";

beforeAll(() => i18next.init({ lng: "en", resources: { en: { translation: en } }, interpolation: { escapeValue: false } }));

test("a known code has its own sentence, an unknown one tells what the server said", () => {
  expect(problemSentence(i18next.t, new Problem(401, "wrong_password", "x"))).toBe(en.problem.wrong_password);
  expect(problemSentence(i18next.t, new Problem(418, "teapot", "Short and stout."))).toContain("Short and stout.");
  expect(problemSentence(i18next.t, new Error("bug"))).toBe(en.problem.our_fault);
});

test("a refused confirmation names the gate that is shut", () => {
  expect(answerSentence(i18next.t, { code: "not_yet", detail: "recording" })).toContain(en.gate.recording);
  expect(answerSentence(i18next.t, { code: "not_yet", detail: "liveness" })).toContain("liveness");
});

test.each(["frame_too_old", "frame_unknown", "no_picture"] as const)("%s says what to do", (code) => {
  expect(answerSentence(i18next.t, { code, detail: "" })).toBe(en.answer[code]);
  expect(en.answer[code]).toMatch(/press again/i);
});

test("a code of tomorrow is told with its detail", () => {
  expect(answerSentence(i18next.t, { code: "new_code", detail: "" })).toContain("new_code");
});
