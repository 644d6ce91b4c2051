import { expect, test, vi } from "vitest";
import { Store } from "./store";

test("listeners hear of a change, and of nothing else", () => {
  const store = new Store({ status: "down", tries: 0 });
  const listener = vi.fn();
  const end = store.subscribe(listener);
  store.set({ status: "up" });
  store.set({ status: "up" });
  expect(listener).toHaveBeenCalledTimes(1);
  end();
  store.set({ status: "down" });
  expect(listener).toHaveBeenCalledTimes(1);
  expect(store.get()).toEqual({ status: "down", tries: 0 });
});
