// Times and durations as people read them. Instants are microseconds UTC, shown as Vietnam's time on every device.

const ZONE = "Asia/Ho_Chi_Minh";
export const SECOND = 1_000_000;

const formats = new Map<string, Intl.DateTimeFormat>();

function format(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = locale + JSON.stringify(options);
  let made = formats.get(key);
  if (!made) {
    made = new Intl.DateTimeFormat(locale === "vi" ? "vi-VN" : "en-GB", { timeZone: ZONE, ...options });
    formats.set(key, made);
  }
  return made;
}

/** 09:41:22 */
export function timeOfDay(instant: number, locale: string): string {
  return format(locale, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }).format(instant / 1000);
}

/** 09:41 */
export function hourAndMinute(instant: number, locale: string): string {
  return format(locale, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(instant / 1000);
}

/** 20/11/2026 */
export function date(instant: number, locale: string): string {
  return format(locale, { day: "2-digit", month: "2-digit", year: "numeric" }).format(instant / 1000);
}

/** 20/11/2026 09:41:22 */
export function dateAndTime(instant: number, locale: string): string {
  return `${date(instant, locale)} ${timeOfDay(instant, locale)}`;
}

/** A date as the papers have it, 1990-04-30, the way people here write it, 30/04/1990; anything else as it came. */
export function paperDate(text: string): string {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  return parts ? `${parts[3]}/${parts[2]}/${parts[1]}` : text;
}

/** A duration in microseconds as 0:04, 12:31 or 1:02:03; never negative. */
export function duration(microseconds: number): string {
  const whole = Math.max(0, Math.floor(microseconds / SECOND));
  const seconds = String(whole % 60).padStart(2, "0");
  const minutes = Math.floor(whole / 60) % 60;
  const hours = Math.floor(whole / 3600);
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${seconds}` : `${minutes}:${seconds}`;
}

/** Whole seconds until an instant, rounded up, never negative: at 0 it has come. */
export function secondsUntil(instant: number, now: number): number {
  return Math.max(0, Math.ceil((instant - now) / SECOND));
}

/** The hour of the day in Vietnam, 0 to 23. */
export function hourOf(instant: number): number {
  return Number(format("en", { hour: "2-digit", hourCycle: "h23" }).format(instant / 1000));
}

/** The first instant of a calendar day, 2026-11-20, in Vietnam, which has had no summer time since 1975. */
export function startOfDay(day: string): number | null {
  const milliseconds = Date.parse(`${day}T00:00:00+07:00`);
  return Number.isNaN(milliseconds) ? null : milliseconds * 1000;
}
