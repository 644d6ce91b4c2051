import { describe, expect, test } from "vitest";
import { decide, offerDelay, offerDelayAsked, type Facts, type PeerFacts } from "./reconnect";

const NOW = 100_000;
const WELL: PeerFacts = { media: 3, openedAt: 0, state: "connected", troubleSince: null };
const FACTS: Facts = {
  now: NOW,
  wanted: true,
  renegotiate: false,
  media: 3,
  socketUpSince: 0,
  peer: WELL,
  opening: false,
  retryAt: 0,
};
const facts = (change: Partial<Facts>): Facts => ({ ...FACTS, ...change });
const peer = (change: Partial<PeerFacts>): Partial<Facts> => ({ peer: { ...WELL, ...change } });

describe("a peer connection is opened", () => {
  test.each([
    ["when the call wants media and there is none (also after a reload)", facts({ peer: null })],
    ["when it failed", facts(peer({ state: "failed" }))],
    ["when the server moved the call: a higher media number", facts({ renegotiate: true, media: 4 })],
    ["when the server has had no media for it since it settled", facts({ renegotiate: true })],
    ["when trouble has lasted more than 2 s", facts(peer({ state: "disconnected", troubleSince: NOW - 2_001 }))],
  ])("%s", (_words, given) => {
    expect(decide(given)).toBe("open");
  });
});

describe("what there is is kept", () => {
  test.each([
    ["when all is well", FACTS],
    ["when nothing is wanted and nothing is there", facts({ wanted: false, peer: null })],
    ["while an offer is on its way", facts({ peer: null, opening: true })],
    ["while the socket is down: nobody could take the offer", facts({ ...peer({ state: "failed" }), socketUpSince: null })],
    ["for a moment after the socket is up again", facts({ ...peer({ troubleSince: 0 }), socketUpSince: NOW - 700 })],
    ["for the first 2 s of trouble", facts(peer({ state: "disconnected", troubleSince: NOW - 2_000 }))],
    ["while a new connection settles", facts(peer({ state: "connecting", openedAt: NOW - 4_000, troubleSince: NOW - 4_000 }))],
    ["when the word to renegotiate is older than its offer", facts({ renegotiate: true, ...peer({ openedAt: NOW - 1_000 }) })],
    ["until the pause after a failed offer is over", facts({ peer: null, retryAt: NOW + 1 })],
  ])("%s", (_words, given) => {
    expect(decide(given)).toBe("keep");
  });
});

test("a connection is closed when the call has no more use for it", () => {
  expect(decide(facts({ wanted: false }))).toBe("close");
  expect(decide(facts({ wanted: false, peer: null, opening: true }))).toBe("close");
});

test("failed offers are spread out", () => {
  expect([0, 1, 2, 3, 9].map(offerDelay)).toEqual([500, 1_000, 2_000, 3_000, 3_000]);
});

test("the next offer waits for as long as the server asks, and no shorter than it would", () => {
  expect([0, 1, 10].map((seconds) => offerDelayAsked(1, seconds))).toEqual([1_000, 1_000, 10_000]);
});
