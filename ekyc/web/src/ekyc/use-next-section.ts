// Brings the next section into view once the one before is complete and the person has left its last field.

import { useReducedMotion } from "@mantine/hooks";
import { useEffect, useRef } from "react";

const SECTIONS = ["details", "papers", "check"] as const;

/** `complete`: of the first sections in their order. Each brings on the next one only once. */
export function useNextSection(complete: readonly boolean[]): void {
  const still = useReducedMotion();
  const shown = useRef(0);
  const reached = complete.findIndex((done) => !done);
  const next = reached === -1 ? complete.length : reached;
  useEffect(() => {
    const bring = (): void => {
      if (next <= shown.current) return;
      shown.current = next;
      const section = document.querySelector(`[data-section="${SECTIONS[next]}"]`);
      section?.scrollIntoView({ block: "start", behavior: still ? "auto" : "smooth" });
    };
    // While a field has the focus its user may still be typing.
    const isTyping = document.activeElement instanceof HTMLInputElement && document.activeElement.type !== "file";
    if (!isTyping) bring();
    document.addEventListener("focusout", bring);
    return () => document.removeEventListener("focusout", bring);
  }, [next, still]);
}
