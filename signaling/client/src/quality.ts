// How well the connection does, from getStats (W3C webrtc-stats). Pure.

export interface Counters {
  readonly at: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly packetsReceived: number;
  /** Of them, those of the sound. */
  readonly soundPackets: number;
  readonly packetsLost: number;
  readonly roundTrip: number | null;
  readonly remoteLoss: number | null;
  readonly width: number;
  readonly height: number;
  readonly frames: number;
}

export interface Quality {
  /** 0 (nothing arrives) to 4 (good). */
  readonly level: 0 | 1 | 2 | 3 | 4;
  /** Milliseconds to the server and back; null while unknown. */
  readonly roundTrip: number | null;
  /** Share of packets lost, 0 to 1: the worse of the two directions. */
  readonly loss: number;
  /** Bits per second. */
  readonly bitrateUp: number;
  readonly bitrateDown: number;
  /** Of the picture received. */
  readonly fps: number;
  readonly width: number;
  readonly height: number;
  /** Sound arrives and no picture does: the other side has paused it, or has lost its camera. */
  readonly soundOnly: boolean;
}

const NOTHING: Counters = {
  at: 0,
  bytesSent: 0,
  bytesReceived: 0,
  packetsReceived: 0,
  soundPackets: 0,
  packetsLost: 0,
  roundTrip: null,
  remoteLoss: null,
  width: 0,
  height: 0,
  frames: 0,
};

/** What one report says; `at` in milliseconds. */
export function count(report: Iterable<Record<string, unknown>>, at: number): Counters {
  let counters: Counters = { ...NOTHING, at };
  for (const entry of report) counters = { ...counters, ...counted(counters, entry) };
  return counters;
}

function counted(sum: Counters, entry: Record<string, unknown>): Partial<Counters> {
  const number = (name: string): number => (typeof entry[name] === "number" ? entry[name] : 0);
  switch (entry["type"]) {
    case "outbound-rtp":
      return { bytesSent: sum.bytesSent + number("bytesSent") };
    case "inbound-rtp": {
      const sums = {
        bytesReceived: sum.bytesReceived + number("bytesReceived"),
        packetsReceived: sum.packetsReceived + number("packetsReceived"),
        packetsLost: sum.packetsLost + number("packetsLost"),
      };
      if (entry["kind"] !== "video") return { ...sums, soundPackets: sum.soundPackets + number("packetsReceived") };
      return { ...sums, frames: number("framesDecoded"), width: number("frameWidth"), height: number("frameHeight") };
    }
    case "remote-inbound-rtp":
      return { remoteLoss: Math.max(sum.remoteLoss ?? 0, number("fractionLost")) };
    case "candidate-pair":
      return entry["nominated"] === true && typeof entry["currentRoundTripTime"] === "number"
        ? { roundTrip: entry["currentRoundTripTime"] * 1000 }
        : {};
    default:
      return {};
  }
}

/** What happened between two looks at the same peer connection. */
export function quality(before: Counters, after: Counters): Quality {
  const seconds = Math.max(0.001, (after.at - before.at) / 1000);
  const rate = (name: "bytesSent" | "bytesReceived" | "frames" | "soundPackets"): number =>
    Math.max(0, after[name] - before[name]) / seconds;
  const lost = Math.max(0, after.packetsLost - before.packetsLost);
  const expected = lost + Math.max(0, after.packetsReceived - before.packetsReceived);
  const loss = Math.max(expected ? lost / expected : 0, after.remoteLoss ?? 0);
  const figures = {
    roundTrip: after.roundTrip,
    loss,
    bitrateUp: Math.round(rate("bytesSent") * 8),
    bitrateDown: Math.round(rate("bytesReceived") * 8),
    fps: Math.round(rate("frames")),
    width: after.width,
    height: after.height,
    soundOnly: rate("frames") === 0 && rate("soundPackets") > 0,
  };
  return { ...figures, level: levelOf(figures) };
}

type Figures = Omit<Quality, "level">;

function levelOf({ fps, loss, roundTrip, bitrateDown }: Figures): Quality["level"] {
  if (bitrateDown === 0) return 0;
  if (fps < 8 || loss > 0.1 || (roundTrip ?? 0) > 800) return 1;
  if (fps < 15 || loss > 0.05 || (roundTrip ?? 0) > 400) return 2;
  if (fps < 22 || loss > 0.02 || (roundTrip ?? 0) > 200) return 3;
  return 4;
}
