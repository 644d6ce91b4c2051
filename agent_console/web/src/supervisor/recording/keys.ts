// What the keys do while the player has the focus. Pure.

import type { Leg } from "#client";

import { SECOND } from "../../common/format";

export type Action =
  | { readonly do: "toggle" }
  | { readonly do: "speed" }
  | { readonly do: "sound"; readonly leg: Leg }
  | { readonly do: "move"; readonly by: number }
  /** To a part of the whole: 0 is the beginning, 1 the end. */
  | { readonly do: "seek"; readonly to: number };

const STEP = 5 * SECOND;
const SMALL_STEP = SECOND;

const KEYS: Record<string, Action> = {
  k: { do: "toggle" },
  s: { do: "speed" },
  c: { do: "sound", leg: "customer" },
  a: { do: "sound", leg: "agent" },
  home: { do: "seek", to: 0 },
  end: { do: "seek", to: 1 },
};

type Pressed = Pick<KeyboardEvent, "key" | "shiftKey" | "ctrlKey" | "metaKey" | "altKey" | "target">;

/** Null: the key is not the player's. */
export function actionOf({ key, shiftKey, ctrlKey, metaKey, altKey, target }: Pressed): Action | null {
  if (ctrlKey || metaKey || altKey) return null;
  const on = target instanceof HTMLElement ? target : null;
  // Where the focus is on something that keys belong to, they stay its own.
  if (on?.closest("[role=radiogroup]")) return null;
  if (key === " ") return on?.closest("button, a") ? null : { do: "toggle" };
  const step = shiftKey ? SMALL_STEP : STEP;
  if (key === "ArrowLeft" || key === "ArrowDown") return { do: "move", by: -step };
  if (key === "ArrowRight" || key === "ArrowUp") return { do: "move", by: step };
  return KEYS[key.toLowerCase()] ?? null;
}
