import { expect, test } from "vitest";

import type { Case } from "../common/types";
import { happenings } from "./timeline";

const CALL: Case["calls"][number] = {
  id: "c1",
  number: "7KQ2-M4XA",
  attempt: 1,
  outcome: "rejected",
  ended_in: "deciding",
  agent: "agent1",
  queued_at: 30,
  accepted_at: 40,
  started_at: 50,
  ended_at: 90,
  gaps: [{ leg: "customer", from: 60, until: 4_060_060 }],
};

const SOURCE = {
  created_at: 10,
  consent: { version: "1", at: 20 },
  calls: [CALL],
  verdicts: [{ decided_at: 5_000_000, verdict: "rejected", agent: "agent1", attempt: 1 } as Case["verdicts"][number]],
  reviews: [{ id: "r", mark: "disagree" as const, note: "n", reviewer: "supervisor1", at: 6_000_000 }],
};

test("everything that happened stands in its order", () => {
  expect(happenings(SOURCE).map(({ what }) => what)).toEqual([
    "created",
    "consent",
    "queued",
    "accepted",
    "started",
    "lost_customer",
    "ended",
    "back_customer",
    "decided",
    "disagreed",
  ]);
});

test("a gap tells how long it lasted", () => {
  expect(happenings(SOURCE).find(({ what }) => what === "back_customer")?.values["seconds"]).toBe(4.06);
});

test("what has not happened is left out", () => {
  const waiting = { ...CALL, agent: null, accepted_at: null, started_at: null, ended_at: null, gaps: [] };
  const told = happenings({ created_at: 10, consent: null, calls: [waiting], verdicts: [], reviews: [] });
  expect(told.map(({ what }) => what)).toEqual(["created", "queued"]);
});

test("a leg that is still lost is not back", () => {
  const gone = { ...CALL, ended_at: null, gaps: [{ leg: "agent" as const, from: 60, until: null }] };
  expect(happenings({ ...SOURCE, calls: [gone] }).map(({ what }) => what)).not.toContain("back_agent");
});
