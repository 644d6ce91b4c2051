import { describe, expect, test } from "vitest";
import { count, quality } from "./quality";

const report = (seconds: number, lost = 0): Record<string, unknown>[] => [
  { type: "outbound-rtp", kind: "audio", bytesSent: 4_000 * seconds },
  { type: "outbound-rtp", kind: "video", bytesSent: 100_000 * seconds },
  { type: "inbound-rtp", kind: "audio", bytesReceived: 4_000 * seconds, packetsReceived: 50 * seconds, packetsLost: 0 },
  {
    type: "inbound-rtp",
    kind: "video",
    bytesReceived: 100_000 * seconds,
    packetsReceived: 50 * seconds - lost,
    packetsLost: lost,
    framesDecoded: 30 * seconds,
    frameWidth: 640,
    frameHeight: 480,
  },
  { type: "remote-inbound-rtp", kind: "video", fractionLost: 0.01 },
  { type: "candidate-pair", nominated: false, currentRoundTripTime: 3 },
  { type: "candidate-pair", nominated: true, currentRoundTripTime: 0.04 },
  { type: "codec" },
];
const looked = (seconds: number, lost = 0) => count(report(seconds, lost), seconds * 1000);

test("rates are of the time between two looks", () => {
  expect(quality(looked(1), looked(3))).toEqual({
    level: 4,
    roundTrip: 40,
    loss: 0.01,
    bitrateUp: 832_000,
    bitrateDown: 832_000,
    fps: 30,
    width: 640,
    height: 480,
    soundOnly: false,
  });
});

describe("the level", () => {
  test("is 0 when nothing arrives", () => {
    expect(quality(looked(1), { ...looked(1), at: 2_000 }).level).toBe(0);
  });
  test("falls with the loss", () => {
    expect(quality(looked(1), looked(2, 4)).level).toBe(3);
    expect(quality(looked(1), looked(2, 8)).level).toBe(2);
    expect(quality(looked(1), looked(2, 20)).level).toBe(1);
  });
  test("falls with the frame rate and the round trip", () => {
    const slow = (change: object) => quality(looked(1), { ...looked(2), ...change }).level;
    expect(slow({ frames: 48 })).toBe(3);
    expect(slow({ frames: 40 })).toBe(2);
    expect(slow({ frames: 35 })).toBe(1);
    expect(slow({ roundTrip: 900 })).toBe(1);
  });
});

test("sound without any picture is told apart from a connection that brings nothing", () => {
  const still = (change: object) => quality(looked(1), { ...looked(2), frames: looked(1).frames, ...change });
  expect(still({})).toMatchObject({ soundOnly: true, level: 1 });
  expect(still({ soundPackets: looked(1).soundPackets }).soundOnly).toBe(false);
});

test("a report without figures counts as nothing", () => {
  expect(count([{ type: "inbound-rtp", kind: "video" }], 5)).toMatchObject({ at: 5, bytesReceived: 0, roundTrip: null });
});
