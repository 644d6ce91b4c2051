// The agent's own picture, mirrored as people know themselves; it never makes a sound.

import { useEffect, useRef } from "react";

import { useStore } from "../common/store";
import { useConsole } from "./context";

export function SelfView() {
  const { media } = useConsole().desk;
  const { phase, camera, interruption } = useStore(media.state);
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const element = video.current;
    if (!element) return undefined;
    element.srcObject = media.stream;
    element.play().catch(() => undefined);
    return () => {
      element.srcObject = null;
    };
  }, [media, phase, camera, interruption]);
  return (
    <video
      ref={video}
      muted
      playsInline
      data-testid="own-video"
      style={{ width: "100%", height: "100%", objectFit: "cover", transform: "scaleX(-1)", display: "block" }}
    />
  );
}
