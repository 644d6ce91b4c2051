// The page's own camera and microphone: asked for, seen to work, switched, muted, taken away and opened again, released.
// Its stream object stays the same while its tracks change, so that previews and peer links need not be told where to
// look.

import {
  absentDevice,
  acquire,
  acquireBoth,
  allDevices,
  choices,
  facingOf,
  type Choice,
  type Facing,
  type TrackKind,
} from "./devices";
import { InterruptionWatch, type Interruption } from "./interruption-watch";
import { browserOf, kindOf, type MediaProblem, type MediaProblemKind } from "./media-problems";
import { framesArrive, soundArrives } from "./seen";
import { Store } from "./store";

export type MediaPhase = "idle" | "asking" | "checking" | "ready" | "failed";

export interface MediaState {
  readonly phase: MediaPhase;
  readonly problem: MediaProblem | null;
  readonly cameras: readonly Choice[];
  readonly microphones: readonly Choice[];
  readonly camera: string | null;
  readonly microphone: string | null;
  readonly facing: Facing;
  readonly muted: boolean;
  /** A switch of device is under way. */
  readonly switching: boolean;
  /** The last switch did not work; what was used before is used again. */
  readonly switchFailed: TrackKind | null;
  /** What worked and was taken away since; it is opened again as soon as that goes. */
  readonly interruption: Interruption | null;
}

type TrackListener = (kind: TrackKind, track: MediaStreamTrack) => void;

/** How long a switch that did not work is told of. Milliseconds. */
const TOLD = 8_000;

const INITIAL: MediaState = {
  phase: "idle",
  problem: null,
  cameras: [],
  microphones: [],
  camera: null,
  microphone: null,
  facing: "user",
  muted: false,
  switching: false,
  switchFailed: null,
  interruption: null,
};

export class Media {
  readonly state = new Store<MediaState>(INITIAL);
  readonly stream = new MediaStream();
  readonly #listeners = new Set<TrackListener>();
  readonly #watch = new InterruptionWatch({
    stream: this.stream,
    told: (interruption) => this.#told(interruption),
    mend: (kind, count) => this.#mend(kind, count),
  });
  #run = 0;
  #swaps: Promise<void> = Promise.resolve();

  /** Tells of each new track (a switched camera), for the peer link to put in place of the old one. */
  onTrack(listener: TrackListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Asks, checks, and ends in `ready` or in `failed` with the problem; call again for [Try again]. Never throws. */
  async start(): Promise<void> {
    const run = this.#begin();
    try {
      const tracks = await acquireBoth(this.#anyDevice("video"));
      if (run !== this.#run) return stopAll(tracks);
      for (const track of tracks) this.#place(track);
      this.state.set({ phase: "checking" });
      const missing = await this.#missing();
      if (run !== this.#run) return;
      if (missing) this.#fail(missing, missing === "no_sound" ? "microphone" : "camera");
      else this.#ready();
    } catch (error) {
      const device = await absentDevice();
      if (run === this.#run) this.#fail(kindOf(error), device);
    }
  }

  /** Releases camera and microphone; their lights go out. */
  stop(): void {
    this.#run += 1;
    this.#release();
    this.state.set({ phase: "idle", problem: null, muted: false, switchFailed: null });
  }

  /** [Try again] after an interruption; what still works goes on. */
  retry(): void {
    this.#watch.retry();
  }

  /** Whether the camera gives pictures, as seen where they are sent; few browsers tell by the track itself. */
  sees(gives: boolean): void {
    this.#watch.gives("video", gives);
  }

  setMuted(muted: boolean): void {
    for (const track of this.stream.getAudioTracks()) track.enabled = !muted;
    this.state.set({ muted });
  }

  /** The other of a phone's two cameras; where cameras do not say which way they look, the next one. */
  async switchCamera(): Promise<void> {
    const { facingMode } = this.#track("video")?.getSettings() ?? {};
    if (facingMode) return this.#swap("video", { facingMode: facingMode === "user" ? "environment" : "user" });
    const { cameras, camera } = this.state.get();
    const next = cameras[(cameras.findIndex(({ id }) => id === camera) + 1) % cameras.length];
    if (next) await this.chooseCamera(next.id);
  }

  async chooseCamera(id: string): Promise<void> {
    await this.#swap("video", { deviceId: { exact: id } });
  }

  async chooseMicrophone(id: string): Promise<void> {
    await this.#swap("audio", { deviceId: { exact: id } });
  }

  #begin(): number {
    this.#run += 1;
    this.#release();
    this.state.set({ phase: "asking", problem: null, switchFailed: null });
    return this.#run;
  }

  #ready(): void {
    this.state.set({ phase: "ready" });
    this.#watch.start();
    // A page that is left lets go at once, also where the browser would keep it for the way back.
    window.addEventListener("pagehide", this.#onLeft);
    window.addEventListener("pageshow", this.#onBack);
  }

  async #missing(): Promise<MediaProblemKind | null> {
    const [video, audio] = [this.#track("video"), this.#track("audio")];
    const [picture, sound] = await Promise.all([video && framesArrive(video), audio && soundArrives(audio)]);
    return picture ? (sound ? null : "no_sound") : "no_picture";
  }

  #track(kind: TrackKind): MediaStreamTrack | undefined {
    return this.stream.getTracks().find((track) => track.kind === kind);
  }

  #place(track: MediaStreamTrack): void {
    const kind = track.kind as TrackKind;
    const old = this.#track(kind);
    if (old) this.stream.removeTrack(old);
    old?.stop();
    if (kind === "audio") track.enabled = !this.state.get().muted;
    this.stream.addTrack(track);
    this.#watch.follow(track);
    const device = track.getSettings().deviceId ?? null;
    this.state.set(kind === "video" ? { camera: device, facing: facingOf(track) } : { microphone: device });
    void this.#list();
    for (const listener of this.#listeners) listener(kind, track);
  }

  // One after the other: whoever chooses twice gets what he chose last.
  #swap(kind: TrackKind, choice: MediaTrackConstraints): Promise<void> {
    return (this.#swaps = this.#swaps.then(() => this.#switch(kind, choice)));
  }

  // The old camera again where the new one fails, also by staying black.
  async #switch(kind: TrackKind, choice: MediaTrackConstraints): Promise<void> {
    if (this.state.get().phase !== "ready") return;
    const run = this.#run;
    const before = this.#sameDevice(kind);
    this.state.set({ switching: true, switchFailed: null });
    const isSwitched = await this.#use(kind, choice, run);
    // Where this fails too the interruption watch goes on trying.
    if (!isSwitched) await this.#use(kind, before, run);
    this.state.set({ switching: false });
    if (isSwitched || run !== this.#run) return;
    this.state.set({ switchFailed: kind });
    setTimeout(() => this.state.set({ switchFailed: null }), TOLD);
  }

  // Some phones refuse a second camera while the first is open: stop, acquire, replace.
  async #use(kind: TrackKind, choice: MediaTrackConstraints, run: number): Promise<boolean> {
    if (run !== this.#run) return false;
    this.#track(kind)?.stop();
    const track = await acquire(kind, choice).catch(() => null);
    if (run !== this.#run) track?.stop();
    if (!track || run !== this.#run) return false;
    this.#place(track);
    return kind === "audio" || framesArrive(track);
  }

  async #mend(kind: TrackKind, count: number): Promise<MediaProblemKind | null> {
    if (this.state.get().switching) return null;
    const run = this.#run;
    const old = this.#track(kind);
    // What is only muted may be given back by itself; it is given up when a second track does not help.
    if (count > 0) old?.stop();
    try {
      const track = await this.#again(kind);
      const isBetter = !track.muted || old?.readyState !== "live";
      if (run === this.#run && isBetter) this.#place(track);
      else track.stop();
      return null;
    } catch (error) {
      return kindOf(error);
    }
  }

  // The same device, since another one may show what nobody wants shown; any other only when it is gone.
  async #again(kind: TrackKind): Promise<MediaStreamTrack> {
    try {
      return await acquire(kind, this.#sameDevice(kind));
    } catch (error) {
      if (kindOf(error) !== "missing") throw error;
      return acquire(kind, this.#anyDevice(kind));
    }
  }

  #sameDevice(kind: TrackKind): MediaTrackConstraints {
    const { camera, microphone } = this.state.get();
    const id = kind === "video" ? camera : microphone;
    return id ? { deviceId: { exact: id } } : this.#anyDevice(kind);
  }

  #anyDevice(kind: TrackKind): MediaTrackConstraints {
    return kind === "video" ? { facingMode: this.state.get().facing } : {};
  }

  #told(interruption: Interruption | null): void {
    // Between two devices there is none for a moment.
    if (this.state.get().switching) return;
    const before = this.state.get().interruption;
    if (before?.device === interruption?.device && before?.problem === interruption?.problem) return;
    this.state.set({ interruption });
    void this.#list();
  }

  async #list(): Promise<void> {
    const devices = await allDevices();
    this.state.set({ cameras: choices(devices, "videoinput"), microphones: choices(devices, "audioinput") });
  }

  #fail(kind: MediaProblemKind, device: MediaProblem["device"]): void {
    this.#release();
    this.state.set({ phase: "failed", problem: { kind, device, browser: browserOf(navigator.userAgent) } });
  }

  #release(): void {
    window.removeEventListener("pagehide", this.#onLeft);
    window.removeEventListener("pageshow", this.#onBack);
    this.#watch.stop();
    const tracks = this.stream.getTracks();
    for (const track of tracks) this.stream.removeTrack(track);
    stopAll(tracks);
  }

  readonly #onLeft = (): void => {
    this.#watch.stop();
    stopAll(this.stream.getTracks());
  };

  readonly #onBack = ({ persisted }: PageTransitionEvent): void => {
    if (persisted) void this.start();
  };
}

function stopAll(tracks: readonly MediaStreamTrack[]): void {
  for (const track of tracks) track.stop();
}
