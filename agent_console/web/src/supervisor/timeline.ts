// Everything that happened to a verification, in order. Pure.

import type { Case } from "../common/types";

export interface Happening {
  readonly at: number;
  /** Key of its sentence, below `timeline.`. */
  readonly what: string;
  readonly values: Record<string, string | number>;
  readonly look: "plain" | "good" | "bad" | "doubt";
}

type Source = Pick<Case, "created_at" | "consent" | "calls" | "verdicts" | "reviews">;

/** Oldest first. */
export function happenings(source: Source): Happening[] {
  const all = [...opening(source), ...source.calls.flatMap(ofCall), ...decisions(source), ...reviews(source)];
  return all.sort((a, b) => a.at - b.at);
}

function opening({ created_at, consent }: Source): Happening[] {
  const created: Happening = { at: created_at, what: "created", values: {}, look: "plain" };
  if (!consent) return [created];
  return [created, { at: consent.at, what: "consent", values: { version: consent.version }, look: "plain" }];
}

function ofCall(call: Case["calls"][number]): Happening[] {
  const values = { number: call.number, attempt: call.attempt, agent: call.agent ?? "–" };
  const step = (at: number | null, what: string, look: Happening["look"] = "plain", more = {}): Happening[] =>
    at === null ? [] : [{ at, what, values: { ...values, ...more }, look }];
  return [
    ...step(call.queued_at, "queued"),
    ...step(call.accepted_at, "accepted"),
    ...step(call.started_at, "started", "good"),
    ...call.gaps.flatMap((gap) => [
      ...step(gap.from, `lost_${gap.leg}`, "doubt"),
      ...step(gap.until, `back_${gap.leg}`, "plain", { seconds: ((gap.until ?? 0) - gap.from) / 1_000_000 }),
    ]),
    ...step(call.ended_at, "ended", "plain", { outcome: call.outcome ?? "" }),
  ];
}

const LOOKS = { confirmed: "good", rejected: "bad", unable_to_verify: "doubt" } as const;

function decisions({ verdicts }: Source): Happening[] {
  return verdicts.map(({ decided_at, verdict, agent, attempt }) => ({
    at: decided_at,
    what: "decided",
    values: { verdict, agent, attempt },
    look: LOOKS[verdict],
  }));
}

function reviews(source: Source): Happening[] {
  return source.reviews.map(({ at, mark, reviewer }) => ({
    at,
    what: mark === "agree" ? "agreed" : "disagreed",
    values: { reviewer },
    look: mark === "agree" ? "good" : "bad",
  }));
}
