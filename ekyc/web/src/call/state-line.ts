// The one line that says how the call stands. Pure: gives a text's key and its values.

import type { CallerCall, LinkState, MediaState, Status } from "#client";

const SECOND = 1_000_000;
/** A leg's grace after the last thing heard of it, as the server keeps it; seconds. */
export const GRACE_S = 15;

export interface Facts {
  readonly media: MediaState["phase"];
  readonly link: LinkState["phase"];
  readonly status: Status;
  readonly call: CallerCall | null;
  /** Server time, microseconds. */
  readonly now: number;
  /** Seconds since this page lost the server; null while it has it. */
  readonly cutOff: number | null;
}

export interface Line {
  readonly key: string;
  readonly values?: Readonly<Record<string, string | number | boolean>>;
}

/** The state as outside scripts read it: the server's, save that a page that is cut off knows better. */
export function shownState(call: CallerCall | null, cutOff: number | null, link: LinkState["phase"]): string | undefined {
  const isCutOff = cutOff !== null && link === "broken";
  return isCutOff && (call?.state === "active" || call?.state === "deciding") ? "reconnecting" : call?.state;
}

export function stateLine(facts: Facts): Line {
  const { call } = facts;
  if (call === null) return { key: before(facts) };
  if (call.state === "ended") return { key: `outcome.${call.outcome ?? "agent_ended"}.title` };
  if (facts.cutOff !== null && (call.state === "waiting" || call.state === "ringing")) return { key: "state.waiting_cut_off" };
  if (facts.cutOff !== null && facts.link !== "showing") return lostLine("state.own_lost", GRACE_S - facts.cutOff);
  return lineOf(call, facts.now);
}

function before({ media, status }: Facts): string {
  if (media === "failed") return "state.media_failed";
  if (media === "asking" || media === "idle") return "state.asking";
  if (media === "checking") return "state.checking";
  return status === "up" ? "state.joining" : "state.reaching_server";
}

function lineOf(call: CallerCall, now: number): Line {
  switch (call.state) {
    case "waiting":
      return call.notice === "passing_on" ? { key: "state.passing_on" } : waitingLine(call);
    case "ringing":
      return { key: call.notice === "passing_on" ? "state.passing_on" : "state.ringing" };
    case "connecting":
      return { key: "state.accepted" };
    case "reconnecting": {
      const lost = call.lost.find(({ leg }) => leg === "customer") ?? call.lost[0];
      if (!lost) return { key: "state.active", values: { time: elapsed(call, now) } };
      return lostLine(lost.leg === "customer" ? "state.own_lost" : "state.agent_lost", (lost.until - now) / SECOND);
    }
    case "deciding":
      return { key: "state.deciding" };
    default:
      return { key: "state.active", values: { time: elapsed(call, now) } };
  }
}

function waitingLine({ position, expected_wait_s: wait }: CallerCall): Line {
  if (position === null) return { key: "state.waiting" };
  const values = { count: position, ordinal: true };
  if (wait === null) return { key: "state.position", values };
  return { key: "state.position_and_wait", values: { ...values, minutes: Math.max(1, Math.round(wait / 60)) } };
}

function lostLine(key: string, seconds: number): Line {
  return { key, values: { seconds: Math.max(0, Math.ceil(seconds)) } };
}

/** 0:04, 12:31 since the call became active. */
export function elapsed({ started_at }: Pick<CallerCall, "started_at">, now: number): string {
  const seconds = started_at === null ? 0 : Math.max(0, Math.floor((now - started_at) / SECOND));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
