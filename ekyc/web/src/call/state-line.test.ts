import type { CallerCall } from "#client";
import { describe, expect, test } from "vitest";

import { elapsed, shownState, stateLine, type Facts } from "./state-line";

const NOW = 1_790_000_000_000_000;
const call = (change: Partial<CallerCall> = {}): CallerCall => ({
  id: "c",
  number: "1",
  attempt: 1,
  state: "active",
  outcome: null,
  notice: null,
  position: null,
  expected_wait_s: null,
  lost: [],
  media: 1,
  renegotiate: false,
  started_at: NOW - 72_000_000,
  opens_at: null,
  ...change,
});
const line = (change: Partial<Facts>) =>
  stateLine({ media: "ready", link: "showing", status: "up", call: call(), now: NOW, cutOff: null, ...change });

describe("before there is a call", () => {
  test.each([
    [{ media: "asking" }, "state.asking"],
    [{ media: "checking" }, "state.checking"],
    [{ media: "failed" }, "state.media_failed"],
    [{}, "state.joining"],
    [{ status: "down" }, "state.reaching_server"],
  ] as const)("%o: %s", (change, key) => {
    expect(line({ call: null, ...change })).toEqual({ key });
  });
});

describe("in the queue", () => {
  test("the place and about how long", () => {
    const waiting = call({ state: "waiting", position: 2, expected_wait_s: 70 });
    expect(line({ call: waiting })).toEqual({
      key: "state.position_and_wait",
      values: { count: 2, ordinal: true, minutes: 1 },
    });
  });
  test("never less than about a minute, and nothing where nothing is known", () => {
    expect(line({ call: call({ state: "waiting", position: 1, expected_wait_s: 10 }) }).values?.["minutes"]).toBe(1);
    expect(line({ call: call({ state: "waiting", position: 1 }) }).key).toBe("state.position");
    expect(line({ call: call({ state: "waiting" }) }).key).toBe("state.waiting");
  });
  test("an agent was asked and did not take it", () => {
    expect(line({ call: call({ state: "waiting", position: 1, notice: "passing_on" }) }).key).toBe("state.passing_on");
    expect(line({ call: call({ state: "ringing", notice: "passing_on" }) }).key).toBe("state.passing_on");
    expect(line({ call: call({ state: "ringing" }) }).key).toBe("state.ringing");
  });
  test("cut off, the place is kept", () => {
    expect(line({ call: call({ state: "waiting", position: 1 }), cutOff: 3 }).key).toBe("state.waiting_cut_off");
  });
});

describe("with an agent", () => {
  test("accepted, talking, deciding", () => {
    expect(line({ call: call({ state: "connecting" }) }).key).toBe("state.accepted");
    expect(line({})).toEqual({ key: "state.active", values: { time: "1:12" } });
    expect(line({ call: call({ state: "deciding" }) }).key).toBe("state.deciding");
  });
  test("a lost leg with its seconds left, by the server's time; the own one first", () => {
    const lost = [
      { leg: "agent", until: NOW + 9_000_000 },
      { leg: "customer", until: NOW + 10_400_000 },
    ] as const;
    expect(line({ call: call({ state: "reconnecting", lost }) })).toEqual({ key: "state.own_lost", values: { seconds: 11 } });
    expect(line({ call: call({ state: "reconnecting", lost: lost.slice(0, 1) }) })).toEqual({
      key: "state.agent_lost",
      values: { seconds: 9 },
    });
  });
  test("a page that lost server and media counts by itself", () => {
    expect(line({ cutOff: 4, link: "broken" })).toEqual({ key: "state.own_lost", values: { seconds: 11 } });
    expect(line({ cutOff: 99, link: "broken" }).values?.["seconds"]).toBe(0);
  });
  test("a lost socket alone is no lost call while the picture moves", () => {
    expect(line({ cutOff: 4 }).key).toBe("state.active");
  });
});

test("ended: by its outcome", () => {
  expect(line({ call: call({ state: "ended", outcome: "declined" }) }).key).toBe("outcome.declined.title");
});

test("outside scripts read the server's state, or reconnecting where the page is cut off", () => {
  expect(shownState(call(), null, "showing")).toBe("active");
  expect(shownState(call(), 2, "broken")).toBe("reconnecting");
  expect(shownState(call(), 2, "showing")).toBe("active");
  expect(shownState(call({ state: "waiting" }), 2, "closed")).toBe("waiting");
  expect(shownState(null, null, "closed")).toBeUndefined();
});

test("elapsed time is by the server's clock and never negative", () => {
  expect(elapsed({ started_at: NOW + 5_000_000 }, NOW)).toBe("0:00");
  expect(elapsed({ started_at: null }, NOW)).toBe("0:00");
});
