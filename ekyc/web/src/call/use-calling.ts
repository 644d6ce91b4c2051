// Whether the page is in a call, and in which: it stays so through the call's end, until another begins.

import { useEffect, useState } from "react";

import type { CallPage } from "../api/call";
import type { Intent } from "./call-session";

export interface Calling {
  readonly intent: Intent;
  /** Rises with each call of this page. */
  readonly run: number;
}

/** A page that is loaded while its call lives goes on with it; `begin` starts a new one. */
export function useCalling(page: CallPage | undefined): { readonly calling: Calling | null; readonly begin: () => void } {
  const [calling, setCalling] = useState<Calling | null>(null);
  useEffect(() => {
    if (page?.state === "in_call") setCalling((current) => current ?? { intent: "resume", run: 0 });
  }, [page?.state]);
  const begin = (): void => setCalling((current) => ({ intent: "call", run: (current?.run ?? 0) + 1 }));
  return { calling, begin };
}
