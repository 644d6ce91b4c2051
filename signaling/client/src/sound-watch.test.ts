import { expect, test } from "vitest";
import { follow, watchSound } from "./sound-watch";

class Source extends EventTarget {
  state = "running";

  become(state: string): void {
    this.state = state;
    this.dispatchEvent(new Event("statechange"));
  }
}

test("a phone call takes the sound away and gives it back; each is told once", () => {
  const source = new Source();
  const told: boolean[] = [];
  const end = follow(source, (isTaken) => told.push(isTaken));
  for (const state of ["suspended", "interrupted", "interrupted", "running"]) source.become(state);
  end();
  source.become("interrupted");
  expect(told).toEqual([true, false]);
});

test("where tracks alone tell of it, nothing is opened for it", () => {
  expect(() => watchSound(() => undefined)()).not.toThrow();
});
