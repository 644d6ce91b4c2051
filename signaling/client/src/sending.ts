// How much video this page sends. Sound needs little and a conversation needs it, so on a weak network the picture gets
// slower and at last pauses; its resolution never changes. It comes back by itself, carefully. Pure.

/** `trial`: a paused picture comes back small, to see whether the network bears it. */
export type Step = "full" | "slower" | "trial" | "paused";

/** What an encoding of the picture is limited to; in the names of RTCRtpEncodingParameters. */
export interface Limits {
  readonly active: boolean;
  /** Bits per second. */
  readonly maxBitrate: number;
  readonly maxFramerate: number;
}

export const LIMITS: Readonly<Record<Step, Limits>> = {
  full: { active: true, maxBitrate: 1_200_000, maxFramerate: 30 },
  slower: { active: true, maxBitrate: 350_000, maxFramerate: 12 },
  trial: { active: true, maxBitrate: 120_000, maxFramerate: 5 },
  paused: { active: false, maxBitrate: 120_000, maxFramerate: 5 },
};

/** One look at the way from this page to the server. */
export interface Uplink {
  /** Milliseconds of a clock that never jumps. */
  readonly at: number;
  /** Whether the server was heard since the look before; without it nothing is known and nothing is changed. */
  readonly heard: boolean;
  /** Bits per second that congestion control believes in; null where the browser does not tell. */
  readonly available: number | null;
  /** Share of the packets that did not arrive, 0 to 1: of the stream that loses more. */
  readonly loss: number;
  /** Milliseconds; null while unknown. */
  readonly roundTrip: number | null;
}

export interface Sending {
  readonly step: Step;
  readonly since: number;
  /** Whether it was reached from a lower one. */
  readonly rose: boolean;
  /** Since when each look has asked for less; null: the last did not. */
  readonly badSince: number | null;
  readonly goodSince: number | null;
  /** How long the network must look good before more is sent: longer after each rise that did not last. */
  readonly patience: number;
  /** The shortest round trip so far: beyond it a queue is filling. */
  readonly leastRoundTrip: number;
}

/** All of these are milliseconds. */
const RAMP = 8_000;
const FALL_AFTER = 3_000;
/** Meanwhile the sound suffers. */
const PAUSE_AFTER = 2_000;
const TRIAL_LASTS = 4_000;
const PATIENCE = 5_000;
const LONGEST_PATIENCE = 30_000;
/** A rise that lasts this long was right. */
const PROVEN = 20_000;
/** Below this a full picture is a bad one: bits per second, the sound included. */
const FULL_NEEDS = 200_000;
/** An estimate grows with what is sent, so that of a slow picture never shows all that would fit. */
const FULL_HOPES = 260_000;
/** Below this even a remnant of a picture takes from the sound, which needs 50,000 with its headers. */
const SLOWER_NEEDS = 60_000;

/** Where every connection begins. */
export function begin(at: number): Sending {
  return { step: "full", since: at, rose: false, badSince: null, goodSince: null, patience: PATIENCE, leastRoundTrip: Infinity };
}

/** What follows from one more look. */
export function next(sending: Sending, uplink: Uplink): Sending {
  if (!uplink.heard) return { ...sending, badSince: null, goodSince: null };
  const leastRoundTrip = Math.min(sending.leastRoundTrip, uplink.roundTrip ?? Infinity);
  const seen = { ...sending, leastRoundTrip };
  const lasts = (is: boolean, since: number | null): number | null => (is ? (since ?? uplink.at) : null);
  const watched: Sending = {
    ...seen,
    badSince: lasts(isBad(seen, uplink), sending.badSince),
    goodSince: lasts(isGood(seen, uplink), sending.goodSince),
    patience: sending.rose && uplink.at - sending.since > PROVEN ? PATIENCE : sending.patience,
  };
  const step = stepAfter(watched, uplink.at);
  return step === watched.step ? watched : moved(watched, step, uplink.at);
}

function stepAfter(sending: Sending, at: number): Step {
  const bad = sending.badSince === null ? 0 : at - sending.badSince;
  const good = sending.goodSince === null ? 0 : at - sending.goodSince;
  switch (sending.step) {
    case "full":
      return bad >= FALL_AFTER ? "slower" : "full";
    case "slower":
      return bad >= PAUSE_AFTER ? "paused" : good >= sending.patience ? "full" : "slower";
    case "trial":
      return bad >= PAUSE_AFTER ? "paused" : good >= TRIAL_LASTS ? "slower" : "trial";
    case "paused":
      return good >= sending.patience ? "trial" : "paused";
  }
}

const ORDER: readonly Step[] = ["paused", "trial", "slower", "full"];

function moved(sending: Sending, step: Step, at: number): Sending {
  const falls = ORDER.indexOf(step) < ORDER.indexOf(sending.step);
  const tooEarly = falls && sending.rose && at - sending.since <= PROVEN;
  const patience = tooEarly ? Math.min(LONGEST_PATIENCE, 2 * sending.patience) : sending.patience;
  return { ...sending, step, since: at, rose: !falls, badSince: null, goodSince: null, patience };
}

// What the network does now asks for a lower step. Estimates count only once congestion control has had time to climb.
function isBad({ step, since, leastRoundTrip }: Sending, { at, available, loss, roundTrip }: Uplink): boolean {
  const least = Math.min(leastRoundTrip, 1_000);
  const needs = step === "full" ? FULL_NEEDS : SLOWER_NEEDS;
  if (at - since > RAMP && (available ?? Infinity) < needs) return true;
  if (step === "full") return loss >= 0.1 || (roundTrip ?? 0) > Math.max(600, 3 * least);
  return loss >= 0.2 || (roundTrip ?? 0) > Math.max(1_200, 4 * least);
}

// Nothing speaks against a higher step. While hardly anything is sent the estimate is no witness.
function isGood({ step, leastRoundTrip }: Sending, { available, loss, roundTrip }: Uplink): boolean {
  const isCalm = loss < 0.05 && (roundTrip ?? 0) < Math.max(400, 2.5 * Math.min(leastRoundTrip, 1_000));
  return isCalm && (step !== "slower" || (available ?? Infinity) >= FULL_HOPES);
}
