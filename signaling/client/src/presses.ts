// Presses that wait for their answer. A press keeps its request id when it is repeated after a reconnect, so that the
// server does nothing twice (docs/protocol.md); one that is not answered in time is answered here with `no_answer`.

import type { Answer } from "./messages";

/** How long a press may wait for its answer, reconnecting included; milliseconds. */
export const ANSWER_TIME_OUT = 10_000;

export interface Waiting {
  readonly event: string;
  readonly message: { readonly request: string };
  readonly answer: (answer: Answer) => void;
}

export class Presses {
  readonly #waiting = new Map<string, Waiting>();

  /** Keeps a press until its answer; `send` is called by the owner, now and after each reconnect. */
  wait<A extends Answer>(event: string, message: { readonly request: string }): [Waiting, Promise<A>] {
    let settle: (answer: Answer) => void = () => undefined;
    const answered = new Promise<A>((resolve) => (settle = (answer) => resolve(answer as A)));
    const timer = setTimeout(() => waiting.answer({ code: "no_answer", detail: "" }), ANSWER_TIME_OUT);
    const waiting: Waiting = {
      event,
      message,
      answer: (answer) => {
        clearTimeout(timer);
        this.#waiting.delete(message.request);
        settle(answer);
      },
    };
    this.#waiting.set(message.request, waiting);
    return [waiting, answered];
  }

  /** What must be sent again, in the order in which it was pressed. */
  unanswered(): readonly Waiting[] {
    return [...this.#waiting.values()];
  }

  /** The page stops: nothing more will be answered. */
  end(): void {
    for (const waiting of this.unanswered()) waiting.answer({ code: "no_answer", detail: "" });
  }
}
