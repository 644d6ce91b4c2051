import { expect, test } from "vitest";

import type { Offered, Waited } from "../common/types";
import { byReason, happened } from "./why";

const person = (full_name: string) => ({ id: full_name, username: full_name, full_name });
const wait = (at: number): Waited => ({ at, place: 1, queue: 1, reachable: true, held: [], reasons: {} });
const offer = (at: number): Offered => ({
  at,
  offer: at,
  agent: person("An"),
  among: 1,
  strategy: "random",
  candidates: [],
  excluded: [],
  reasons: {},
  day: "2026-11-21",
  drawn_right: true,
  result: null,
  ended_at: null,
});

test("offers and waits come in the order in which they happened", () => {
  const all = happened({ offers: [offer(9_000_000)], waits: [wait(1_000_000), wait(5_000_000)] });
  expect(all.map(({ at }) => at)).toEqual([1_000_000, 5_000_000, 9_000_000]);
});

test("a wait that nobody noticed is left out, the last one never", () => {
  const all = happened({ offers: [offer(1_200_000)], waits: [wait(1_000_000), wait(3_000_000)] });
  expect(all.map(({ at }) => at)).toEqual([1_200_000, 3_000_000]);
});

test("reasons name the people whom they held for, the most frequent first", () => {
  const excluded = [
    { agent: person("An"), reason: "paused" },
    { agent: person("Bình"), reason: "busy" },
    { agent: person("Chi"), reason: "busy" },
  ];
  expect(byReason({ reasons: { paused: 1, busy: 2 }, excluded })).toEqual([
    { reason: "busy", count: 2, names: ["Bình", "Chi"] },
    { reason: "paused", count: 1, names: ["An"] },
  ]);
  expect(byReason({ reasons: { busy: 2 }, excluded: [] })[0]?.names).toEqual([]);
});
