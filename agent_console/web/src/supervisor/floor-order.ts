// How a floor is counted and in which order its agents stand. Pure.

import type { FloorAgent, FloorTeam } from "#client";

const RANK: Record<FloorAgent["state"], number> = { ringing: 0, in_call: 1, wrap_up: 2, free: 3, paused: 4, offline: 5 };

/** Those at work first; within a state by name, so that tiles do not jump about. */
export function inOrder(agents: readonly FloorAgent[]): FloorAgent[] {
  return [...agents].sort((a, b) => RANK[a.state] - RANK[b.state] || a.name.localeCompare(b.name, "vi"));
}

export interface Tally {
  readonly free: number;
  readonly busy: number;
  readonly paused: number;
  readonly waiting: number;
}

export function tally(team: Pick<FloorTeam, "agents" | "calls">): Tally {
  const count = (...states: FloorAgent["state"][]): number => team.agents.filter(({ state }) => states.includes(state)).length;
  return {
    free: count("free"),
    busy: count("ringing", "in_call", "wrap_up"),
    paused: count("paused"),
    waiting: team.calls.filter(({ state }) => state === "waiting").length,
  };
}
