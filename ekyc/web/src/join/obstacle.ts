// Whether a verification can be called for at all. Pure.

import type { CallPage } from "../api/call";

/** Why there can be no call from this page; null where there can. */
export function obstacleOf({ decision, state, can_call }: Pick<CallPage, "decision" | "state" | "can_call">) {
  if (decision === "not_possible") return "not_possible";
  if (state === "confirmed" || state === "expired") return state;
  return can_call ? null : "stopped";
}
