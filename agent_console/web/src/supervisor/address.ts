// What the page shows lives in its address: a view can be sent to a colleague, and Back goes back.

import { useSyncExternalStore } from "react";

export type Address =
  | { readonly view: "floor" }
  | { readonly view: "list"; readonly filters: Filters }
  | { readonly view: "case"; readonly id: string };

/** As typed: days are 2026-11-20, what is empty does not filter. */
export interface Filters {
  readonly q: string;
  readonly state: string;
  readonly company: string;
  readonly from: string;
  readonly to: string;
}

export const NO_FILTERS: Filters = { q: "", state: "", company: "", from: "", to: "" };
const NAMES = ["q", "state", "company", "from", "to"] as const;

/** Pure: what an address' query asks for. */
export function read(query: string): Address {
  const given = new URLSearchParams(query);
  const id = given.get("verification");
  if (id) return { view: "case", id };
  if (given.get("view") !== "list") return { view: "floor" };
  const entries = NAMES.map((name) => [name, given.get(name) ?? ""] as const);
  return { view: "list", filters: Object.fromEntries(entries) as unknown as Filters };
}

/** Pure: the query that asks for it; read(write(address)) is the address. */
export function write(address: Address): string {
  if (address.view === "case") return `?${new URLSearchParams({ verification: address.id })}`;
  if (address.view === "floor") return "";
  const given = NAMES.filter((name) => address.filters[name] !== "").map((name) => [name, address.filters[name]]);
  return `?${new URLSearchParams([["view", "list"], ...given] as [string, string][])}`;
}

const CHANGED = "vouch:address";

function subscribe(listener: () => void): () => void {
  window.addEventListener("popstate", listener);
  window.addEventListener(CHANGED, listener);
  return () => {
    window.removeEventListener("popstate", listener);
    window.removeEventListener(CHANGED, listener);
  };
}

/** The address' query now; read it with `read`. */
export function useQueryString(): string {
  return useSyncExternalStore(subscribe, () => window.location.search);
}

/** Go there; `replace` leaves no step for Back, for filters that are being typed. */
export function go(address: Address, replace = false): void {
  const target = window.location.pathname + write(address);
  if (replace) window.history.replaceState(null, "", target);
  else window.history.pushState(null, "", target);
  window.dispatchEvent(new Event(CHANGED));
}

/** For a link that the page itself follows, while the middle button still opens a tab. */
export function link(address: Address): { href: string; onClick: (event: React.MouseEvent) => void } {
  return {
    href: window.location.pathname + write(address),
    onClick: (event) => {
      if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      go(address);
    },
  };
}
