// Calls for the agent when a call rings: sound, the tab's title, a notification of the system.

import { useEffect } from "react";
import { useTranslation } from "react-i18next";

import type { RingSound } from "./ring-sound";

/** As long as the component stands that uses it. `number` is the call's number: no personal data leaves the page. */
export function useAttention(sound: RingSound, number: string): void {
  const { t } = useTranslation();
  useEffect(() => {
    const before = document.title;
    document.title = t("ring.tab", { number });
    sound.start();
    const notice = notify(t("ring.title"), t("ring.notice", { number }));
    return () => {
      document.title = before;
      sound.stop();
      notice?.close();
    };
  }, [sound, number, t]);
}

function notify(title: string, body: string): Notification | null {
  if (!("Notification" in window) || Notification.permission !== "granted" || document.hasFocus()) return null;
  try {
    const notice = new Notification(title, { body, requireInteraction: true });
    notice.onclick = () => {
      window.focus();
      notice.close();
    };
    return notice;
  } catch {
    // Browsers on phones allow notifications from service workers only; sound and title are left.
    return null;
  }
}
