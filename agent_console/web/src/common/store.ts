// Reads a store of @vouch/client from React.

import type { Store } from "#client";
import { useSyncExternalStore } from "react";

/** The store's state now; the component renders again whenever it changes. */
export function useStore<State extends object>(store: Store<State>): State {
  return useSyncExternalStore(store.subscribe, store.get);
}
