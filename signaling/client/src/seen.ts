// Seen to work: a granted camera may still be black or stuck, a granted microphone muted by the system.

const FRAME_TIME_OUT = 5_000;
const SOUND_TIME_OUT = 1_500;
const LOOK = 100;

/** Whether pictures of the track arrive within 5 s. */
export async function framesArrive(track: MediaStreamTrack): Promise<boolean> {
  const video = document.createElement("video");
  video.muted = true;
  video.playsInline = true;
  video.srcObject = new MediaStream([track]);
  const arrived = await new Promise<boolean>((resolve) => {
    setTimeout(() => resolve(false), FRAME_TIME_OUT);
    whenPlaying(video, () => resolve(true));
    video.play().catch(() => undefined);
  });
  video.srcObject = null;
  return arrived && track.readyState === "live";
}

function whenPlaying(video: HTMLVideoElement, plays: () => void): void {
  const hasCallbacks = "requestVideoFrameCallback" in video;
  // Where frame callbacks are missing, or rest because the page is hidden, moving playback time shows frames too.
  video.addEventListener("timeupdate", () => {
    if ((!hasCallbacks || document.hidden) && video.currentTime > 0 && video.videoWidth > 0) plays();
  });
  // The first may be a black one that stands for a camera which gives none.
  if (hasCallbacks) video.requestVideoFrameCallback(() => video.requestVideoFrameCallback(plays));
}

/**
 * Whether the microphone is heard: its level moves, or, since a quiet room is no fault and an AudioContext may be kept
 * suspended until a press, its track is live and unmuted after 1.5 s.
 */
export async function soundArrives(track: MediaStreamTrack): Promise<boolean> {
  const meter = new LevelMeter(track);
  try {
    for (let waited = 0; waited < SOUND_TIME_OUT; waited += LOOK) {
      if (meter.level() > 0) return true;
      await new Promise((done) => setTimeout(done, LOOK));
    }
    return track.readyState === "live" && !track.muted;
  } finally {
    meter.close();
  }
}

/** The loudness of a track, 0 to 1. `close` it: browsers allow few audio contexts. */
export class LevelMeter {
  readonly #context = new AudioContext();
  readonly #analyser = this.#context.createAnalyser();
  readonly #samples = new Float32Array(this.#analyser.fftSize);

  constructor(track: MediaStreamTrack) {
    this.#context.createMediaStreamSource(new MediaStream([track])).connect(this.#analyser);
    this.#context.resume().catch(() => undefined);
  }

  level(): number {
    this.#analyser.getFloatTimeDomainData(this.#samples);
    return this.#samples.reduce((loudest, sample) => Math.max(loudest, Math.abs(sample)), 0);
  }

  close(): void {
    void this.#context.close();
  }
}
