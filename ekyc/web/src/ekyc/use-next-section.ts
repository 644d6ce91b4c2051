// Brings the next section into view once the one before is complete and the person has left its last field by the
// keyboard. Never under a finger: a page that moves while somebody presses makes the press land elsewhere.

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
    let pressed = false;
    const press = (): void => void (pressed = true);
    const release = (): void => void (pressed = false);
    const bring = ({ relatedTarget }: FocusEvent): void => {
      if (next <= shown.current) return;
      const section = document.querySelector(`[data-section="${SECTIONS[next]}"]`);
      // Whoever presses, or has gone on to a later section, has chosen where to look.
      const goesOn = relatedTarget instanceof Node && !section?.contains(relatedTarget) && follows(section, relatedTarget);
      shown.current = next;
      if (!pressed && !goesOn) section?.scrollIntoView({ block: "start", behavior: still ? "auto" : "smooth" });
    };
    document.addEventListener("pointerdown", press, true);
    document.addEventListener("pointerup", release, true);
    document.addEventListener("pointercancel", release, true);
    document.addEventListener("focusout", bring);
    return () => {
      document.removeEventListener("pointerdown", press, true);
      document.removeEventListener("pointerup", release, true);
      document.removeEventListener("pointercancel", release, true);
      document.removeEventListener("focusout", bring);
    };
  }, [next, still]);
}

/** Whether a node stands behind the section in the page. */
function follows(section: Element | null, node: Node): boolean {
  return section !== null && Boolean(section.compareDocumentPosition(node) & Node.DOCUMENT_POSITION_FOLLOWING);
}
