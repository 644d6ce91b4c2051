// What a call's view means for this page's own leg. Pure.

import type { Status } from "./connection";
import type { CallState, Leg, Lost } from "./messages";
import type { LinkView } from "./peer-link";

export interface CallOfLeg {
  readonly state: CallState;
  readonly media: number;
  readonly renegotiate: boolean;
  readonly lost: readonly Lost[];
}

const FLOWING: ReadonlySet<CallState> = new Set(["connecting", "active", "reconnecting", "deciding"]);

/** For `PeerLink.update`: the newest call (null when there is none) as `leg` must act on it. */
export function linkView(call: CallOfLeg | null, leg: Leg, status: Status): LinkView {
  return {
    wanted: call !== null && FLOWING.has(call.state) && status !== "replaced" && status !== "refused",
    renegotiate: call?.renegotiate ?? false,
    media: call?.media ?? 0,
    socketUp: status === "up",
    lost: call?.lost.some((lost) => lost.leg === leg) ?? false,
  };
}
