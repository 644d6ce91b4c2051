// The page's own camera and microphone: asked for, seen to work, switched, muted, released. Its stream object stays the
// same while its tracks change, so that previews and peer links need not be told where to look.

import { browserOf, kindOf, type MediaProblem, type MediaProblemKind } from "./media-problems";
import { framesArrive, soundArrives } from "./seen";
import { Store } from "./store";

export type MediaPhase = "idle" | "asking" | "checking" | "ready" | "failed";
export type Facing = "user" | "environment";
export type TrackKind = "audio" | "video";

export interface Choice {
  readonly id: string;
  readonly label: string;
}

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
}

type TrackListener = (kind: TrackKind, track: MediaStreamTrack) => void;

const SIZE = { width: { ideal: 640, max: 1280 }, height: { ideal: 480, max: 720 }, frameRate: { ideal: 30 } };
const ANY_SIZE = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30 } };
const SOUND = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

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
};

export class Media {
  readonly state = new Store<MediaState>(INITIAL);
  readonly stream = new MediaStream();
  readonly #listeners = new Set<TrackListener>();
  #run = 0;

  /** Tells of each new track (a switched camera), for the peer link to put in place of the old one. */
  onTrack(listener: TrackListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Asks, checks, and ends in `ready` or in `failed` with the problem; call again for [Try again]. Never throws. */
  async start(): Promise<void> {
    const run = this.#begin();
    try {
      const tracks = await this.#ask({ facingMode: this.state.get().facing });
      if (run !== this.#run) return stopAll(tracks);
      for (const track of tracks) this.#place(track);
      this.state.set({ phase: "checking" });
      const missing = await this.#missing();
      if (run !== this.#run) return;
      if (missing) this.#fail(missing, missing === "no_sound" ? "microphone" : "camera");
      else this.state.set({ phase: "ready" });
    } catch (error) {
      if (run === this.#run) this.#fail(kindOf(error), await absentDevice());
    }
  }

  /** Releases camera and microphone; their lights go out. */
  stop(): void {
    this.#run += 1;
    this.#release();
    this.state.set({ phase: "idle", problem: null });
  }

  setMuted(muted: boolean): void {
    for (const track of this.stream.getAudioTracks()) track.enabled = !muted;
    this.state.set({ muted });
  }

  /** The other of a phone's two cameras. */
  async switchFacing(): Promise<void> {
    const facing = this.state.get().facing === "user" ? "environment" : "user";
    if (await this.#swap("video", { video: { ...SIZE, facingMode: facing } })) this.state.set({ facing });
  }

  async chooseCamera(id: string): Promise<void> {
    await this.#swap("video", { video: { ...SIZE, deviceId: { exact: id } } });
  }

  async chooseMicrophone(id: string): Promise<void> {
    await this.#swap("audio", { audio: { ...SOUND, deviceId: { exact: id } } });
  }

  #begin(): number {
    this.#run += 1;
    this.#release();
    this.state.set({ phase: "asking", problem: null });
    return this.#run;
  }

  async #ask(choice: MediaTrackConstraints): Promise<MediaStreamTrack[]> {
    // Over plain http (but for localhost) browsers leave the whole object out.
    if (!navigator.mediaDevices?.getUserMedia) throw new InsecureError();
    try {
      return (await navigator.mediaDevices.getUserMedia({ video: { ...SIZE, ...choice }, audio: SOUND })).getTracks();
    } catch (error) {
      if (!(error instanceof Error) || error.name !== "OverconstrainedError") throw error;
      const again = { video: { ...ANY_SIZE, ...choice }, audio: SOUND };
      return (await navigator.mediaDevices.getUserMedia(again)).getTracks();
    }
  }

  async #missing(): Promise<MediaProblemKind | null> {
    const [video, audio] = [this.stream.getVideoTracks()[0], this.stream.getAudioTracks()[0]];
    const [picture, sound] = await Promise.all([video && framesArrive(video), audio && soundArrives(audio)]);
    return picture ? (sound ? null : "no_sound") : "no_picture";
  }

  #place(track: MediaStreamTrack): void {
    const kind = track.kind as TrackKind;
    for (const old of this.stream.getTracks().filter((other) => other.kind === kind)) this.stream.removeTrack(old);
    if (kind === "audio") track.enabled = !this.state.get().muted;
    this.stream.addTrack(track);
    // Unplugged, or taken away by the system: what was seen to work does so no more.
    track.addEventListener("ended", () => this.stream.getTracks().includes(track) && void this.start());
    const device = track.getSettings().deviceId ?? null;
    this.state.set(kind === "video" ? { camera: device } : { microphone: device });
    void this.#list();
    for (const listener of this.#listeners) listener(kind, track);
  }

  // Some phones refuse a second camera while the first is open: stop, acquire, replace; on failure the old one again.
  async #swap(kind: TrackKind, wanted: MediaStreamConstraints): Promise<boolean> {
    if (this.state.get().switching || this.state.get().phase !== "ready") return false;
    const old = this.stream.getTracks().find((track) => track.kind === kind);
    const device = old?.getSettings().deviceId;
    this.state.set({ switching: true });
    old?.stop();
    const run = this.#run;
    const back = device === undefined ? [] : [{ [kind]: { deviceId: { exact: device } } }];
    const [track, index] = await firstOf([wanted, ...back]);
    this.state.set({ switching: false });
    if (run !== this.#run) track?.stop();
    else if (track) this.#place(track);
    else void this.start();
    return index === 0;
  }

  async #list(): Promise<void> {
    const devices = await navigator.mediaDevices.enumerateDevices().catch(() => []);
    this.state.set({ cameras: choices(devices, "videoinput"), microphones: choices(devices, "audioinput") });
  }

  #fail(kind: MediaProblemKind, device: MediaProblem["device"]): void {
    this.#release();
    this.state.set({ phase: "failed", problem: { kind, device, browser: browserOf(navigator.userAgent) } });
  }

  #release(): void {
    const tracks = this.stream.getTracks();
    for (const track of tracks) this.stream.removeTrack(track);
    stopAll(tracks);
  }
}

class InsecureError extends Error {
  override readonly name = "InsecureError";
}

function stopAll(tracks: readonly MediaStreamTrack[]): void {
  for (const track of tracks) track.stop();
}

/** The devices of one kind, without the aliases that repeat one of them; labels are empty before the permission. */
export function choices(devices: readonly MediaDeviceInfo[], kind: MediaDeviceKind): Choice[] {
  return devices
    .filter((device) => device.kind === kind && device.deviceId !== "" && device.deviceId !== "communications")
    .map(({ deviceId, label }) => ({ id: deviceId, label }));
}

async function firstOf(wishes: readonly MediaStreamConstraints[]): Promise<[MediaStreamTrack | undefined, number]> {
  for (const [index, wish] of wishes.entries()) {
    const stream = await navigator.mediaDevices.getUserMedia(wish).catch(() => null);
    if (stream) return [stream.getTracks()[0], index];
  }
  return [undefined, -1];
}

async function absentDevice(): Promise<MediaProblem["device"]> {
  const devices = (await navigator.mediaDevices?.enumerateDevices().catch(() => null)) ?? null;
  if (devices === null) return "both";
  const [camera, microphone] = (["videoinput", "audioinput"] as const).map((kind) => devices.some((d) => d.kind === kind));
  return camera === microphone ? "both" : camera ? "microphone" : "camera";
}
