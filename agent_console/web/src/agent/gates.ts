// Why Confirm is off. The server decides (it answers `not_yet`); the page names the same reasons beforehand. Pure.

import type { AgentCall, Check, Status } from "#client";

/** How long without a new frame until a picture is called frozen; milliseconds. */
export const FROZEN_AFTER = 3_000;

export interface Situation {
  readonly call: Pick<AgentCall, "state" | "shut_gates" | "lost" | "checks">;
  readonly status: Status;
  /** Milliseconds since the picture changed; null while there is none. */
  readonly frameAge: number | null;
  /** The customer is heard, and no picture arrives. */
  readonly soundOnly: boolean;
}

/** The ticks that this call asks for. */
export function asked(call: Pick<AgentCall, "shut_gates" | "checks">): Check[] {
  const again = call.shut_gates.includes("recheck") || call.checks.includes("recheck");
  return again ? ["data", "faces", "recheck"] : ["data", "faces"];
}

/** Keys of the sentences that name what Confirm waits for, the first the most urgent; empty when it is on. */
export function barriers({ call, status, frameAge, soundOnly }: Situation): string[] {
  if (status !== "up") return ["connection"];
  if (call.state === "deciding") return ["deciding"];
  if (call.lost.some(({ leg }) => leg === "customer")) return ["customer_lost"];
  if (call.lost.some(({ leg }) => leg === "agent")) return ["agent_lost"];
  if (call.state !== "active") return ["not_connected"];
  // The better reason in place of what follows from it.
  if (soundOnly) return ["picture_paused", ...gates(call).filter((gate) => gate !== "frozen")];
  if (frameAge === null) return ["no_picture", ...gates(call)];
  const still = frameAge > FROZEN_AFTER && !call.shut_gates.includes("frozen");
  return still ? ["frozen", ...gates(call)] : gates(call);
}

function gates({ shut_gates, checks }: Situation["call"]): string[] {
  return shut_gates.flatMap((gate) => {
    if (gate !== "checks") return [gate];
    return (["data", "faces"] as const).filter((check) => !checks.includes(check)).map((check) => `check_${check}`);
  });
}
