// What getStats (W3C webrtc-stats) says of the way from this page to the server. Pure.

import type { Uplink } from "./sending";

type Entry = Record<string, unknown>;

/** `heard` of a look is whether this rose since the look before. */
export interface Look extends Omit<Uplink, "heard"> {
  readonly bytesReceived: number;
  /** Pictures that the camera has given; null where the browser does not tell. A new track counts anew. */
  readonly frames: number | null;
}

/** What one report says; `at` in milliseconds. */
export function look(report: Iterable<Entry>, at: number): Look {
  const entries = [...report];
  const pair = entries.find((entry) => entry["type"] === "candidate-pair" && entry["nominated"] === true) ?? {};
  const told = entries.filter(({ type }) => type === "remote-inbound-rtp");
  return {
    at,
    available: number(pair, "availableOutgoingBitrate") ?? heldBack(entries),
    loss: Math.max(0, ...told.map((entry) => number(entry, "fractionLost") ?? 0)),
    roundTrip: longest([number(pair, "currentRoundTripTime"), ...told.map(pictureTime)]),
    bytesReceived: number(pair, "bytesReceived") ?? 0,
    frames: framesOf(entries),
  };
}

/** The way between two looks at the same peer connection. */
export function between(before: Look, after: Look): Uplink {
  const { at, available, loss, roundTrip } = after;
  return { at, available, loss, roundTrip, heard: after.bytesReceived > before.bytesReceived };
}

/** Whether the camera has given no picture between two looks; false where the browser does not tell. */
export function isStill(before: Look, after: Look): boolean {
  return after.frames !== null && after.frames === before.frames;
}

function framesOf(entries: readonly Entry[]): number | null {
  const camera = entries.find((entry) => entry["type"] === "media-source" && entry["kind"] === "video");
  return camera ? number(camera, "frames") : null;
}

// The pair's is measured every few seconds, that of the picture every second; that of the sound may be old.
function pictureTime(told: Entry): number | null {
  return told["kind"] === "video" ? number(told, "roundTripTime") : null;
}

function longest(seconds: readonly (number | null)[]): number | null {
  const known = seconds.filter((each) => each !== null);
  return known.length ? Math.round(Math.max(...known) * 1_000) : null;
}

// Where the estimate itself is not told, an encoder that says that bandwidth holds it back tells what it was left.
function heldBack(entries: readonly Entry[]): number | null {
  const video = entries.find((entry) => entry["type"] === "outbound-rtp" && entry["kind"] === "video");
  return video?.["qualityLimitationReason"] === "bandwidth" ? number(video, "targetBitrate") : null;
}

function number(entry: Entry, name: string): number | null {
  return typeof entry[name] === "number" ? entry[name] : null;
}
