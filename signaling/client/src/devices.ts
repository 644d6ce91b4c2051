// Cameras and microphones as browsers give them. Nothing is kept here.

import type { MediaProblem } from "./media-problems";

export type Facing = "user" | "environment";
export type TrackKind = "audio" | "video";

export interface Choice {
  readonly id: string;
  readonly label: string;
}

const SIZE = { width: { ideal: 640, max: 1280 }, height: { ideal: 480, max: 720 }, frameRate: { ideal: 30 } };
const ANY_SIZE = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30 } };
const SOUND = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

/** Camera and microphone at once, so that people are asked once. Throws what getUserMedia throws, or InsecureError. */
export async function acquireBoth(camera: MediaTrackConstraints): Promise<MediaStreamTrack[]> {
  const [wish, lesser] = [SIZE, ANY_SIZE].map((size) => ({ video: { ...size, ...camera }, audio: SOUND }));
  return (await firstGiven([wish, lesser])).getTracks();
}

/** One new track. Throws as `acquireBoth`. */
export async function acquire(kind: TrackKind, choice: MediaTrackConstraints): Promise<MediaStreamTrack> {
  const sizes = kind === "video" ? [SIZE, ANY_SIZE] : [SOUND];
  const [track] = (await firstGiven(sizes.map((size) => ({ [kind]: { ...size, ...choice } })))).getTracks();
  if (!track) throw new Error("no track was given");
  return track;
}

// A camera may know no size of those that are preferred; anything else that goes wrong is no matter of size.
async function firstGiven(wishes: readonly (MediaStreamConstraints | undefined)[]): Promise<MediaStream> {
  // Over plain http (but for localhost) browsers leave the whole object out.
  if (!navigator.mediaDevices?.getUserMedia) throw new InsecureError();
  const [wish, ...lesser] = wishes;
  try {
    return await navigator.mediaDevices.getUserMedia(wish);
  } catch (error) {
    if (lesser.length === 0 || !(error instanceof Error) || error.name !== "OverconstrainedError") throw error;
    return firstGiven(lesser);
  }
}

class InsecureError extends Error {
  override readonly name = "InsecureError";
}

/** The devices of one kind, without the aliases that repeat one of them; labels are empty before the permission. */
export function choices(devices: readonly MediaDeviceInfo[], kind: MediaDeviceKind): Choice[] {
  return devices
    .filter((device) => device.kind === kind && device.deviceId !== "" && device.deviceId !== "communications")
    .map(({ deviceId, label }) => ({ id: deviceId, label }));
}

/** All devices; empty where the browser does not say. */
export async function allDevices(): Promise<MediaDeviceInfo[]> {
  return (await navigator.mediaDevices?.enumerateDevices().catch(() => null)) ?? [];
}

/** Which of the two is not there, as far as the browser says. */
export async function absentDevice(): Promise<MediaProblem["device"]> {
  const devices = await allDevices();
  const [camera, microphone] = (["videoinput", "audioinput"] as const).map((kind) => devices.some((d) => d.kind === kind));
  return camera === microphone ? "both" : camera ? "microphone" : "camera";
}

/** Which way a camera looks; those that do not say look at whoever sits before them. */
export function facingOf(track: MediaStreamTrack): Facing {
  return track.getSettings().facingMode === "environment" ? "environment" : "user";
}
