// What stands between an agent and [Ready], and the press itself.

import { useTranslation } from "react-i18next";

import { useStore } from "../common/store";
import { useConsole, usePress } from "./context";
import type { RingSound } from "./ring-sound";

export interface Readying {
  /** Why [Ready] is off, as a sentence; null when it is on. */
  barrier: string | null;
  busy: boolean;
  press: () => void;
}

export function useReady(sound: RingSound): Readying {
  const { t } = useTranslation();
  const { desk, view } = useConsole();
  const { phase, interruption } = useStore(desk.media.state);
  const { status } = useStore(desk.connection.state);
  const { busy, press } = usePress();
  // After a call the camera rests, and is looked at again before the next one.
  const works = phase === "ready" || (phase === "idle" && view.call?.state === "ended");
  const media = interruption ? t("ready.media_interrupted") : works ? null : t(`ready.media_${phase}`);
  const barrier = status !== "up" ? t("ready.no_connection") : media;
  return {
    barrier,
    busy: busy !== null,
    press: () => {
      // Only within a press may a page begin to make sound, and ask whether it may notify.
      sound.unlock();
      if ("Notification" in window && Notification.permission === "default") void Notification.requestPermission();
      if (!view.agent.ready) void press("agent.ready", {});
    },
  };
}
