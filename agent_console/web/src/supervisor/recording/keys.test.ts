import { expect, test } from "vitest";

import { actionOf } from "./keys";

function pressed(key: string, more: Partial<KeyboardEvent> = {}): KeyboardEvent {
  return { key, shiftKey: false, ctrlKey: false, metaKey: false, altKey: false, target: document.body, ...more } as KeyboardEvent;
}

test("keys play, pause, move, jump, silence and hurry", () => {
  expect([" ", "k", "s", "c", "A", "Home", "End"].map((key) => actionOf(pressed(key)))).toEqual([
    { do: "toggle" },
    { do: "toggle" },
    { do: "speed" },
    { do: "sound", leg: "customer" },
    { do: "sound", leg: "agent" },
    { do: "seek", to: 0 },
    { do: "seek", to: 1 },
  ]);
  expect(["ArrowLeft", "ArrowRight"].map((key) => actionOf(pressed(key)))).toEqual([
    { do: "move", by: -5_000_000 },
    { do: "move", by: 5_000_000 },
  ]);
  expect(actionOf(pressed("ArrowRight", { shiftKey: true }))).toEqual({ do: "move", by: 1_000_000 });
});

test("keys that belong to the browser, or to what has the focus, stay theirs", () => {
  expect(actionOf(pressed("a", { ctrlKey: true }))).toBeNull();
  expect(actionOf(pressed("x"))).toBeNull();
  const button = document.createElement("button");
  expect(actionOf(pressed(" ", { target: button }))).toBeNull();
  const choice = document.createElement("div");
  choice.setAttribute("role", "radiogroup");
  choice.append(button);
  expect(actionOf(pressed("ArrowRight", { target: button }))).toBeNull();
});
