// The browser asks before a page is left on which something would be lost.

import { askBeforeLeaving } from "#client";
import { useEffect } from "react";

export function useUnsaved(active: boolean): void {
  useEffect(() => (active ? askBeforeLeaving() : undefined), [active]);
}
