import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { TrackKind } from "./devices";
import { InterruptionWatch, type Interruption } from "./interruption-watch";
import type { MediaProblemKind } from "./media-problems";

class Track extends EventTarget {
  muted = false;
  readyState = "live";

  constructor(readonly kind: TrackKind) {
    super();
  }

  become(event: "mute" | "unmute" | "ended"): void {
    if (event === "ended") this.readyState = "ended";
    else this.muted = event === "mute";
    this.dispatchEvent(new Event(event));
  }
}

/** A page with both devices, of which `answers` says what opening them again gives. */
class Desk {
  tracks = [new Track("audio"), new Track("video")];
  readonly asked: [TrackKind, number][] = [];
  told: Interruption | null = null;
  readonly watch: InterruptionWatch;

  constructor(readonly answers: (MediaProblemKind | null)[] = []) {
    this.watch = new InterruptionWatch({
      stream: { getTracks: () => this.tracks } as unknown as MediaStream,
      told: (interruption) => (this.told = interruption),
      mend: async (kind, count) => this.#open(kind, count),
    });
    for (const track of this.tracks) this.watch.follow(track as unknown as MediaStreamTrack);
    this.watch.start();
  }

  of(kind: TrackKind): Track {
    return this.tracks.find((track) => track.kind === kind) as Track;
  }

  #open(kind: TrackKind, count: number): MediaProblemKind | null {
    this.asked.push([kind, count]);
    const problem = this.answers.shift() ?? null;
    if (problem === null) this.tracks = this.tracks.map((track) => (track.kind === kind ? new Track(kind) : track));
    return problem;
  }
}

let desk: Desk;
beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  desk.watch.stop();
  vi.useRealTimers();
});

test("an unplugged camera is opened again at once, and then nothing is told any more", async () => {
  desk = new Desk();
  desk.of("video").become("ended");
  expect(desk.told).toEqual({ device: "camera", problem: null });
  await vi.advanceTimersByTimeAsync(600);
  expect(desk.asked).toEqual([["video", 0]]);
  expect(desk.told).toBeNull();
});

test("one that stays taken is tried again and again, and why it failed is told", async () => {
  desk = new Desk(["in_use", "in_use"]);
  desk.of("video").become("ended");
  await vi.advanceTimersByTimeAsync(600);
  expect(desk.told).toEqual({ device: "camera", problem: "in_use" });
  await vi.advanceTimersByTimeAsync(10_000);
  expect(desk.asked).toEqual([
    ["video", 0],
    ["video", 1],
    ["video", 2],
  ]);
  expect(desk.told).toBeNull();
});

test("a short pause of the system is neither told nor mended", async () => {
  desk = new Desk();
  await vi.advanceTimersByTimeAsync(5_000);
  desk.of("audio").become("mute");
  await vi.advanceTimersByTimeAsync(1_000);
  expect(desk.told).toBeNull();
  desk.of("audio").become("unmute");
  await vi.advanceTimersByTimeAsync(5_000);
  expect([desk.told, desk.asked]).toEqual([null, []]);
});

test("what a phone call takes is told, and whatever the system gives back is left as it is", async () => {
  desk = new Desk(["in_use"]);
  await vi.advanceTimersByTimeAsync(5_000);
  for (const kind of ["audio", "video"] as const) desk.of(kind).become("mute");
  await vi.advanceTimersByTimeAsync(1_600);
  expect(desk.told).toMatchObject({ device: "both" });
  for (const kind of ["video", "audio"] as const) desk.of(kind).become("unmute");
  expect([desk.told, desk.asked]).toEqual([null, [["audio", 0]]]);
});

test("a camera of which the track says nothing, though no picture comes, is opened again", async () => {
  desk = new Desk();
  desk.watch.gives("video", false);
  desk.watch.gives("video", false);
  await vi.advanceTimersByTimeAsync(1_600);
  expect(desk.told).toMatchObject({ device: "camera" });
  expect(desk.asked).toEqual([["video", 0]]);
  desk.watch.gives("video", true);
  await vi.advanceTimersByTimeAsync(600);
  expect(desk.told).toBeNull();
});

test("after [Try again] or a plug put in, the waiting is over", async () => {
  desk = new Desk(["missing", "missing"]);
  desk.of("audio").become("ended");
  await vi.advanceTimersByTimeAsync(1_600);
  expect(desk.asked).toHaveLength(2);
  desk.watch.retry();
  await vi.advanceTimersByTimeAsync(0);
  expect(desk.asked).toHaveLength(3);
});
