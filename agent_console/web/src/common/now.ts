// The server's time in components. They tick by themselves, so that a countdown does not render the whole page.

import { createContext, useContext, useEffect, useState } from "react";

/** The server's time in microseconds UTC; 0 while it is not known. */
export type Clock = () => number;

export const ClockContext = createContext<Clock>(() => 0);

/** The server's time, read anew every `interval` milliseconds. */
export function useNow(interval = 250): number {
  const clock = useContext(ClockContext);
  const [now, setNow] = useState(clock);
  useEffect(() => {
    const look = (): void => setNow(clock());
    look();
    const timer = setInterval(look, interval);
    return () => clearInterval(timer);
  }, [clock, interval]);
  return now;
}
