// A call session for as long as the screen is shown, and the clocks that its screen runs by.

import { useEffect, useRef, useState } from "react";

import type { CallPage } from "../api/call";
import { CallSession, type Intent } from "./call-session";

/** Null for the moment before it has begun. */
export function useCallSession(page: CallPage, intent: Intent): CallSession | null {
  const [session, setSession] = useState<CallSession | null>(null);
  const first = useRef({ page: { csrf: page.csrf, consent: page.consent }, intent });
  useEffect(() => {
    const made = new CallSession(first.current.page, first.current.intent);
    made.start();
    setSession(made);
    return () => made.close();
  }, []);
  return session;
}

const TICK = 500;

/** Draws the component again twice a second, so that its times move. */
export function useTick(): void {
  const [, setTicks] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setTicks((ticks) => ticks + 1), TICK);
    return () => clearInterval(timer);
  }, []);
}

/** Seconds for which `cut` has held, of this page's monotonic clock; null while it does not. */
export function useSecondsOf(cut: boolean): number | null {
  const since = useRef<number | null>(null);
  if (!cut) since.current = null;
  else since.current ??= performance.now();
  return since.current === null ? null : (performance.now() - since.current) / 1000;
}
