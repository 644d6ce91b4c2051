// What the agent's screens read and press.

import type { AgentCall, AgentView, Answer, FromConsole, PressName } from "#client";
import { createContext, useCallback, useContext, useRef, useState } from "react";

import type { Codes } from "../common/types";
import type { Desk } from "./desk";

interface Console {
  desk: Desk;
  view: AgentView;
  codes: Codes;
}

export const ConsoleContext = createContext<Console | null>(null);

/** The desk, what it shows now, and the codes; only below `AgentApp`. */
export function useConsole(): Console {
  const console = useContext(ConsoleContext);
  if (!console) throw new Error("useConsole stands outside of AgentApp");
  return console;
}

/** The call on the desk; only on screens that stand while there is one. */
export function useCall(): AgentCall {
  const { call } = useConsole().view;
  if (!call) throw new Error("useCall stands where no call is");
  return call;
}

export interface Pressing {
  /** A press that waits for its answer. */
  busy: string | null;
  /** The answer of the last press, where it was not granted. */
  refused: Answer | null;
  press: <Name extends PressName<FromConsole>>(name: Name, body: Omit<FromConsole[Name], "request">) => Promise<Answer>;
  forget: () => void;
}

/** Presses with their state: while one waits a second does nothing. */
export function usePress(): Pressing {
  const { desk } = useConsole();
  const [busy, setBusy] = useState<string | null>(null);
  const [refused, setRefused] = useState<Answer | null>(null);
  const waiting = useRef(false);
  const press: Pressing["press"] = useCallback(
    async (name, body) => {
      if (waiting.current) return { code: "busy", detail: "" };
      waiting.current = true;
      setBusy(name);
      setRefused(null);
      const answer = await desk.connection.press(name, body);
      waiting.current = false;
      setBusy(null);
      setRefused(answer.code === "ok" ? null : answer);
      return answer;
    },
    [desk],
  );
  return { busy, refused, press, forget: () => setRefused(null) };
}
