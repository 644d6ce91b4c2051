// A team's week and its next opening, as people write them; always in Vietnamese time, wherever the page is read.

import type { Language } from "#client";

import type { Opening, WorkingTime } from "../api/call";

const LOCALE = { vi: "vi-VN", en: "en-GB" } as const satisfies Record<Language, string>;
const ZONE = "Asia/Ho_Chi_Minh";
/** A Monday at noon, UTC. */
const MONDAY = Date.UTC(2026, 10, 23, 12);
const DAY = 86_400_000;

export interface WeekLine {
  readonly days: string;
  readonly times: string;
}

/** The week in as few lines as can be: neighbouring days of equal times are one. */
export function weekLines(hours: readonly WorkingTime[], language: Language): readonly WeekLine[] {
  const runs: { first: number; last: number; times: string }[] = [];
  for (const [day, times] of timesByDay(hours)) {
    const run = runs.at(-1);
    if (run && run.last === day - 1 && run.times === times) run.last = day;
    else runs.push({ first: day, last: day, times });
  }
  return runs.map(({ first, last, times }) => ({
    days: first === last ? dayName(first, language) : `${dayName(first, language)} – ${dayName(last, language)}`,
    times,
  }));
}

/** When the team opens again: 08:00 Thứ Hai, 23/11. */
export function openingTime(opensAt: number, language: Language): string {
  return new Intl.DateTimeFormat(LOCALE[language], {
    weekday: "long",
    day: "2-digit",
    month: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
    timeZone: ZONE,
  }).format(opensAt / 1000);
}

/** Whether there is anything to tell: a team that always works has no hours. */
export function isKept(opening: Opening): boolean {
  return opening.hours.length > 0;
}

function timesByDay(hours: readonly WorkingTime[]): Map<number, string> {
  const found = new Map<number, string>();
  for (const { weekday, since, until } of hours) {
    const earlier = found.get(weekday);
    found.set(weekday, `${earlier ? `${earlier}, ` : ""}${since}–${until}`);
  }
  return found;
}

function dayName(weekday: number, language: Language): string {
  return new Intl.DateTimeFormat(LOCALE[language], { weekday: "long", timeZone: "UTC" }).format(MONDAY + (weekday - 1) * DAY);
}
