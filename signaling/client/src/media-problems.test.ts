import { describe, expect, test } from "vitest";
import { browserOf, kindOf, sentenceKeys } from "./media-problems";

test.each([
  ["NotAllowedError", "Permission denied", "refused"],
  ["NotAllowedError", "Permission denied by system", "refused_by_system"],
  ["SecurityError", "", "refused"],
  ["NotFoundError", "Requested device not found", "missing"],
  ["OverconstrainedError", "", "missing"],
  ["NotReadableError", "Could not start video source", "in_use"],
  ["AbortError", "Starting videoinput failed", "in_use"],
  ["InsecureError", "", "insecure"],
  ["TypeError", "", "unknown"],
])("%s (%s) is %s", (name, message, kind) => {
  expect(kindOf(Object.assign(new Error(message), { name }))).toBe(kind);
});

test("what is no error at all is unknown", () => {
  expect(kindOf("odd")).toBe("unknown");
});

const IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)";
const ANDROID = "Mozilla/5.0 (Linux; Android 15; K) AppleWebKit/537.36 (KHTML, like Gecko)";
const DESKTOP = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)";

describe("the browser, as far as its settings differ", () => {
  test.each([
    [`${ANDROID} Chrome/140.0.0.0 Mobile Safari/537.36`, "chrome_android"],
    [`${ANDROID} Version/4.0 Chrome/140.0.0.0 Mobile Safari/537.36; wv)`, "web_view"],
    [`${ANDROID} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36`, "samsung"],
    [`${DESKTOP} Chrome/140.0.0.0 Safari/537.36`, "chrome"],
    [`${DESKTOP} Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0`, "edge"],
    ["Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "firefox"],
    ["Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0", "firefox_android"],
    [`${IPHONE} Version/18.0 Mobile/15E148 Safari/604.1`, "safari_ios"],
    [`${IPHONE} CriOS/140.0 Mobile/15E148 Safari/604.1`, "chrome_ios"],
    [`${IPHONE} Mobile/15E148`, "web_view"],
    [`${IPHONE} Mobile/15E148 Zalo iOS/500`, "web_view"],
    ["Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15", "safari"],
    ["curl/8", "other"],
  ])("%s", (agent, browser) => {
    expect(browserOf(agent)).toBe(browser);
  });
});

test("sentences are looked for from the particular to the general", () => {
  expect(sentenceKeys({ kind: "refused", device: "camera", browser: "safari_ios" })).toEqual([
    "refused.safari_ios",
    "refused.camera",
    "refused.other",
  ]);
});
