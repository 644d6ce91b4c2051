// Which frame is on the screen: the last one presented by a <video>, named as the server can find it again.

import type { FrameName } from "./messages";

export interface Presented extends FrameName {
  /** performance.now() when the browser told of it, in milliseconds. */
  readonly at: number;
}

// Where frame callbacks are missing, playback is looked at this often. Milliseconds.
const LOOK = 200;

/** Calls `presented` for each frame that `video` shows from now on, as frames of media number `media`; gives the end. */
export function watchFrames(video: HTMLVideoElement, media: number, presented: (frame: Presented) => void): () => void {
  return "requestVideoFrameCallback" in video ? byCallback(video, media, presented) : byLooking(video, media, presented);
}

function byCallback(video: HTMLVideoElement, media: number, presented: (frame: Presented) => void): () => void {
  let handle = 0;
  const next = (at: number, metadata: VideoFrameCallbackMetadata): void => {
    handle = video.requestVideoFrameCallback(next);
    presented({ media, rtp_timestamp: metadata.rtpTimestamp ?? null, at });
  };
  handle = video.requestVideoFrameCallback(next);
  return () => video.cancelVideoFrameCallback(handle);
}

function byLooking(video: HTMLVideoElement, media: number, presented: (frame: Presented) => void): () => void {
  let shown = video.getVideoPlaybackQuality().totalVideoFrames;
  const timer = setInterval(() => {
    const { totalVideoFrames } = video.getVideoPlaybackQuality();
    if (totalVideoFrames > shown) presented({ media, rtp_timestamp: null, at: performance.now() });
    shown = totalVideoFrames;
  }, LOOK);
  return () => clearInterval(timer);
}
