// Keyboard shortcuts: they rest while somebody types, and while a button has the focus it keeps its own keys.

import { useEffect, useRef } from "react";

const FIELDS = "input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable=true]";

/** Whether a key pressed on this element belongs to a field of a form. */
export function isField(target: EventTarget | null): boolean {
  return target instanceof Element && target.matches(FIELDS);
}

type Keys = Record<string, (event: KeyboardEvent) => void>;

/** Listen for keys by their name (`Enter`, `Escape`, `p`, `?`); `Ctrl+Enter` and the like by the prefix `Ctrl+`. */
export function useKeys(keys: Keys): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      const act = event.repeat ? undefined : latest.current[keyName(event)];
      if (!act || (isField(event.target) && !event.ctrlKey && event.key !== "Escape")) return;
      act(event);
    };
    document.addEventListener("keydown", onKeyDown, { capture: true });
    return () => document.removeEventListener("keydown", onKeyDown, { capture: true });
  }, []);
}

function keyName(event: KeyboardEvent): string {
  if (event.altKey || event.metaKey) return "";
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  return event.ctrlKey ? `Ctrl+${key}` : key;
}
