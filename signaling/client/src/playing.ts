// Keeps the other side's picture and sound playing: phones stop an element for a phone call, and few start it again.

/** Calls `play` whenever `video` was stopped by somebody else and may go on; gives the end. */
export function keepPlaying(video: HTMLVideoElement, play: () => void): () => void {
  const look = (): void => {
    if (video.paused && video.srcObject !== null && document.visibilityState === "visible") play();
  };
  video.addEventListener("pause", look);
  document.addEventListener("visibilitychange", look);
  return () => {
    video.removeEventListener("pause", look);
    document.removeEventListener("visibilitychange", look);
  };
}
