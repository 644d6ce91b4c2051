// A camera alone, for pictures of papers; the call's camera and microphone are Media's.

import { browserOf, kindOf, type Facing, type MediaProblem } from "#client";
import { useEffect, useRef, useState, type RefObject } from "react";

export interface CameraView {
  readonly video: RefObject<HTMLVideoElement | null>;
  readonly ready: boolean;
  readonly problem: MediaProblem | null;
  readonly again: () => void;
}

const SIZE = { width: { ideal: 1920 }, height: { ideal: 1080 } };

/** Holds the camera that faces as asked while the component lives. */
export function useCamera(facing: Facing): CameraView {
  const video = useRef<HTMLVideoElement>(null);
  const [ready, setReady] = useState(false);
  const [problem, setProblem] = useState<MediaProblem | null>(null);
  const [tries, setTries] = useState(0);
  useEffect(() => {
    let stream: MediaStream | null = null;
    let over = false;
    setReady(false);
    setProblem(null);
    open(facing)
      .then(async (opened) => {
        stream = opened;
        if (over) return stop(opened);
        await play(video.current, opened);
        if (!over) setReady(true);
      })
      .catch((error: unknown) => {
        if (!over) setProblem({ kind: kindOf(error), device: "camera", browser: browserOf(navigator.userAgent) });
      });
    return () => {
      over = true;
      if (stream) stop(stream);
    };
  }, [facing, tries]);
  return { video, ready, problem, again: () => setTries((count) => count + 1) };
}

function open(facing: Facing): Promise<MediaStream> {
  if (!navigator.mediaDevices?.getUserMedia) {
    return Promise.reject(Object.assign(new Error("no secure context"), { name: "InsecureError" }));
  }
  return navigator.mediaDevices.getUserMedia({ video: { ...SIZE, facingMode: facing }, audio: false });
}

async function play(video: HTMLVideoElement | null, stream: MediaStream): Promise<void> {
  if (!video) return;
  video.srcObject = stream;
  await video.play();
}

function stop(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}
