import type { AgentCall, Lost } from "#client";
import { describe, expect, test } from "vitest";

import { asked, barriers, type Situation } from "./gates";

const lost = (leg: Lost["leg"]): Lost => ({ leg, until: 1 });

function situation(call: Partial<AgentCall> = {}, more: Partial<Situation> = {}): Situation {
  return {
    call: { state: "active", shut_gates: [], lost: [], checks: ["data", "faces"], ...call },
    status: "up",
    frameAge: 40,
    soundOnly: false,
    ...more,
  };
}

describe("Confirm", () => {
  test("is on in a live call with open gates", () => {
    expect(barriers(situation())).toEqual([]);
  });

  test("names each tick that is missing", () => {
    expect(barriers(situation({ shut_gates: ["checks"], checks: [] }))).toEqual(["check_data", "check_faces"]);
    expect(barriers(situation({ shut_gates: ["checks"], checks: ["data"] }))).toEqual(["check_faces"]);
  });

  test("names every gate that is shut, those that it does not know too", () => {
    expect(barriers(situation({ shut_gates: ["recording", "recheck", "liveness"] }))).toEqual(["recording", "recheck", "liveness"]);
  });

  test.each(["customer", "agent"] as const)("is off while the %s's leg is lost", (leg) => {
    expect(barriers(situation({ lost: [lost(leg)], state: "reconnecting" }))).toEqual([`${leg}_lost`]);
  });

  test("is off before the call is active, while a picture is kept, and while the server is not reached", () => {
    expect(barriers(situation({ state: "connecting" }))).toEqual(["not_connected"]);
    expect(barriers(situation({ state: "deciding" }))).toEqual(["deciding"]);
    expect(barriers(situation({}, { status: "down" }))).toEqual(["connection"]);
  });

  test("is off for a picture that has stood still for more than 3 s, and where there is none", () => {
    expect(barriers(situation({}, { frameAge: 3_000 }))).toEqual([]);
    expect(barriers(situation({}, { frameAge: 3_001 }))).toEqual(["frozen"]);
    expect(barriers(situation({}, { frameAge: null }))).toEqual(["no_picture"]);
  });

  test("names a frozen picture once where the server has seen it too", () => {
    expect(barriers(situation({ shut_gates: ["frozen"] }, { frameAge: 9_000 }))).toEqual(["frozen"]);
  });
});

test("a picture that was paused for the sound's sake is the reason, not that it is frozen", () => {
  const paused = situation({ shut_gates: ["frozen", "checks"], checks: [] }, { frameAge: 9_000, soundOnly: true });
  expect(barriers(paused)).toEqual(["picture_paused", "check_data", "check_faces"]);
});

test("the third tick is asked for after a gap, and stays once it is set", () => {
  expect(asked({ shut_gates: ["checks"], checks: [] })).toEqual(["data", "faces"]);
  expect(asked({ shut_gates: ["recheck"], checks: ["data"] })).toEqual(["data", "faces", "recheck"]);
  expect(asked({ shut_gates: [], checks: ["recheck"] })).toEqual(["data", "faces", "recheck"]);
});
