// What an agent has written but not sent yet: it outlives a reload of the page, not the call.

import { useEffect, useState } from "react";

export interface Draft {
  note: string;
  fraud: boolean;
}

const EMPTY: Draft = { note: "", fraud: false };
const KEY = "vouch.draft";

/** The draft that was kept for this call. */
export function keptDraft(stored: string | null, call: string): Draft {
  try {
    const kept = JSON.parse(stored ?? "{}") as Partial<Draft> & { call?: string };
    if (kept.call === call) return { note: String(kept.note ?? ""), fraud: kept.fraud === true };
  } catch {
    // Written by another version of the page: begin anew.
  }
  return EMPTY;
}

/** The note and the fraud flag of a call, and what changes them. */
export function useDraft(call: string): [Draft, (change: Partial<Draft>) => void] {
  const [draft, setDraft] = useState(() => keptDraft(sessionStorage.getItem(KEY), call));
  useEffect(() => sessionStorage.setItem(KEY, JSON.stringify({ call, ...draft })), [call, draft]);
  useEffect(() => () => sessionStorage.removeItem(KEY), []);
  return [draft, (change) => setDraft((now) => ({ ...now, ...change }))];
}
