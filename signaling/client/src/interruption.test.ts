import { describe, expect, test } from "vitest";
import { isDue, isTaken, reasonOf, UNTRIED, type TrackFacts, type Tries } from "./interruption";

const NOW = 100_000;
const LIVE: TrackFacts = { mutedSince: null, ended: false };
const ENDED: TrackFacts = { mutedSince: null, ended: true };
const muted = (milliseconds: number): TrackFacts => ({ mutedSince: NOW - milliseconds, ended: false });
const tried = (count: number, ago: number, problem: Tries["problem"] = "in_use"): Tries => ({ count, at: NOW - ago, problem });

describe("a device counts as taken away", () => {
  test("at once when its track has ended", () => {
    expect(isTaken(ENDED, NOW)).toBe(true);
  });
  test("when it has given nothing for 1.5 s, since shorter pauses are ordinary", () => {
    expect(isTaken(muted(1_499), NOW)).toBe(false);
    expect(isTaken(muted(1_500), NOW)).toBe(true);
    expect(isTaken(LIVE, NOW)).toBe(false);
  });
});

describe("it is opened again", () => {
  test.each<[string, TrackFacts, Tries, number]>([
    ["at once when it has ended", ENDED, UNTRIED, NOW],
    ["when the system does not give it back within 1 s of the page being seen", muted(9_000), UNTRIED, NOW - 1_000],
    ["again after a pause", ENDED, tried(1, 1_000), 0],
    ["every 15 s at least", ENDED, tried(40, 15_000), 0],
    ["after a refusal, when somebody has come back to the page since", ENDED, tried(1, 9_000, "refused"), NOW - 5_000],
  ])("%s", (_words, track, tries, visibleSince) => {
    expect(isDue(track, tries, visibleSince, NOW)).toBe(true);
  });
});

describe("it is left alone", () => {
  test.each<[string, TrackFacts, Tries, number | null]>([
    ["while it works", LIVE, UNTRIED, 0],
    ["while the page is hidden: no phone gives a hidden page a camera", ENDED, UNTRIED, null],
    ["for 1 s after the page is seen again: most systems give it back", muted(9_000), UNTRIED, NOW - 999],
    ["between two tries, longer each time", ENDED, tried(3, 3_999), 0],
    ["after a refusal, as long as nobody has come back to the page", ENDED, tried(1, 60_000, "refused"), 0],
  ])("%s", (_words, track, tries, visibleSince) => {
    expect(isDue(track, tries, visibleSince, NOW)).toBe(false);
  });
});

test("people are told what they can do about it", () => {
  expect((["missing", "refused", "refused_by_system", "in_use", null] as const).map(reasonOf)).toEqual([
    "missing",
    "refused",
    "refused",
    "taken",
    "taken",
  ]);
});
