// The phone's Back button in a call asks, as hanging up does, instead of leaving the page.

import { useEffect, useRef } from "react";

export function useBackGuard(active: boolean, asked: () => void): void {
  const ask = useRef(asked);
  ask.current = asked;
  useEffect(() => {
    if (!active) return undefined;
    history.pushState({ guard: true }, "");
    const stay = (): void => {
      history.pushState({ guard: true }, "");
      ask.current();
    };
    window.addEventListener("popstate", stay);
    return () => window.removeEventListener("popstate", stay);
  }, [active]);
}
