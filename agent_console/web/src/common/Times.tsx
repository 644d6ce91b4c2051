// Numbers that run: elapsed time, countdown, the server's clock.

import { useTranslation } from "react-i18next";

import { date, duration, secondsUntil, timeOfDay } from "./format";
import { useNow } from "./now";

/** Time since an instant, 1:12. */
export function Elapsed({ since }: { since: number }) {
  const now = useNow();
  return <span className="figures">{now ? duration(now - since) : "–:––"}</span>;
}

/** Whole seconds until an instant. */
export function SecondsLeft({ until }: { until: number }) {
  const now = useNow();
  return <span className="figures">{now ? secondsUntil(until, now) : "–"}</span>;
}

/** Date and time of day by the server, as they will stand on the kept picture. */
export function ServerTime() {
  const now = useNow();
  const { i18n } = useTranslation();
  if (!now) return null;
  return (
    <span className="figures">
      {timeOfDay(now, i18n.language)} {date(now, i18n.language)}
    </span>
  );
}
