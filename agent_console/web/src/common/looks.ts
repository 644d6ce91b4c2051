// How states look: a colour always goes with an icon and a word, so that nobody needs to see colours.

import type { CallState, Outcome } from "#client";
import {
  IconAlertTriangle,
  IconBellRinging,
  IconCircle,
  IconCircleCheck,
  IconCircleDashed,
  IconCircleX,
  IconClock,
  IconDeviceFloppy,
  IconHelpCircle,
  IconPhone,
  IconPhoneEnd,
  IconPhoneOff,
  IconPlayerPause,
  IconPlugConnectedX,
  IconRefresh,
  IconUserOff,
  type Icon,
} from "@tabler/icons-react";

import type { VerificationState } from "./types";

export interface Look {
  color: string;
  Icon: Icon;
}

export const CALL_STATES: Record<CallState, Look> = {
  waiting: { color: "gray", Icon: IconClock },
  ringing: { color: "orange", Icon: IconBellRinging },
  connecting: { color: "blue", Icon: IconRefresh },
  active: { color: "teal", Icon: IconPhone },
  reconnecting: { color: "orange", Icon: IconPlugConnectedX },
  deciding: { color: "blue", Icon: IconDeviceFloppy },
  ended: { color: "gray", Icon: IconPhoneEnd },
};

const OUTCOMES: Partial<Record<Outcome, Look>> = {
  confirmed: { color: "teal", Icon: IconCircleCheck },
  rejected: { color: "red", Icon: IconCircleX },
  unable_to_verify: { color: "orange", Icon: IconHelpCircle },
  connection_lost: { color: "orange", Icon: IconPlugConnectedX },
  interrupted: { color: "orange", Icon: IconPlugConnectedX },
  setup_failed: { color: "orange", Icon: IconPlugConnectedX },
  declined: { color: "gray", Icon: IconPhoneOff },
};

/** A call's end; those that decide nothing and are nobody's fault look alike. */
export function outcomeLook(outcome: Outcome): Look {
  return OUTCOMES[outcome] ?? { color: "gray", Icon: IconPhoneEnd };
}

export const VERIFICATION_STATES: Record<VerificationState, Look> = {
  created: { color: "gray", Icon: IconCircle },
  in_call: { color: "blue", Icon: IconPhone },
  confirmed: { color: "teal", Icon: IconCircleCheck },
  rejected: { color: "red", Icon: IconCircleX },
  unable_to_verify: { color: "orange", Icon: IconHelpCircle },
  expired: { color: "gray", Icon: IconClock },
};

export const AGENT_STATES: Record<"free" | "ringing" | "in_call" | "wrap_up" | "paused" | "offline", Look> = {
  free: { color: "teal", Icon: IconCircleCheck },
  ringing: { color: "orange", Icon: IconBellRinging },
  in_call: { color: "blue", Icon: IconPhone },
  wrap_up: { color: "violet", Icon: IconCircleDashed },
  paused: { color: "yellow", Icon: IconPlayerPause },
  offline: { color: "gray", Icon: IconUserOff },
};

export const COMPARED: Record<"match" | "differs" | "not_assessed", Look> = {
  match: { color: "teal", Icon: IconCircleCheck },
  differs: { color: "red", Icon: IconAlertTriangle },
  not_assessed: { color: "gray", Icon: IconCircleDashed },
};
