// Stores of @vouch/client as React sees them.

import type { Store } from "#client";
import { useSyncExternalStore } from "react";

export function useStore<State extends object>(store: Store<State>): State {
  return useSyncExternalStore(store.subscribe, store.get);
}
