import { describe, expect, test } from "vitest";
import { between, isStill, look } from "./uplink";

const PAIR = {
  type: "candidate-pair",
  nominated: true,
  availableOutgoingBitrate: 800_000,
  currentRoundTripTime: 0.09,
  bytesReceived: 1_000,
};

test("the nominated pair tells the estimate, the server's reports the loss; of two round trips the longer one counts", () => {
  const report = [
    { type: "candidate-pair", nominated: false, availableOutgoingBitrate: 1 },
    PAIR,
    { type: "remote-inbound-rtp", kind: "audio", fractionLost: 0.02, roundTripTime: 9 },
    { type: "remote-inbound-rtp", kind: "video", fractionLost: 0.25, roundTripTime: 0.12 },
  ];
  expect(look(report, 7)).toEqual({ at: 7, available: 800_000, loss: 0.25, roundTrip: 120, bytesReceived: 1_000, frames: null });
});

describe("where the estimate is not told", () => {
  const encoder = (reason: string) => [
    { type: "outbound-rtp", kind: "video", qualityLimitationReason: reason, targetBitrate: 150_000 },
  ];
  test("an encoder that is held back by bandwidth tells what it was left", () => {
    expect(look(encoder("bandwidth"), 0).available).toBe(150_000);
  });
  test("one that is held back by nothing, or by the processor, tells nothing", () => {
    expect(look(encoder("none"), 0).available).toBeNull();
    expect(look(encoder("cpu"), 0).available).toBeNull();
  });
});

test("an empty report says nothing", () => {
  expect(look([], 3)).toEqual({ at: 3, available: null, loss: 0, roundTrip: null, bytesReceived: 0, frames: null });
});

test("the server is heard when something came from it", () => {
  const before = look([PAIR], 0);
  expect(between(before, look([{ ...PAIR, bytesReceived: 1_001 }], 1)).heard).toBe(true);
  expect(between(before, look([PAIR], 1)).heard).toBe(false);
});

test("a camera that gives no more pictures is still, one of which nothing is told is not", () => {
  const camera = (frames: number) => look([{ type: "media-source", kind: "video", frames }], 0);
  expect(isStill(camera(30), camera(30))).toBe(true);
  expect(isStill(camera(30), camera(50))).toBe(false);
  expect(isStill(camera(30), camera(2))).toBe(false);
  expect(isStill(look([], 0), look([], 1))).toBe(false);
});
