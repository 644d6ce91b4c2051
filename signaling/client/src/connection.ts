// The page's end of the wire: one Socket.IO namespace, dialled again and again with a fresh ticket until it is stopped,
// replaced by another tab, or refused. It shows the newest view and carries presses. Nothing here knows a screen.

import { applyChanges } from "./changes";
import { dialSocket, type Dial, type Wire } from "./dial";
import type { Answer, IceServers, MediaAnswer, Press, ViewChanges } from "./messages";
import { Presses, type Waiting } from "./presses";
import { ServerClock } from "./server-clock";
import { Store } from "./store";

/** Milliseconds between beats until a view says how often. */
const FIRST_BEATS = 2_000;
const HANDSHAKE_TIME_OUT = 8_000;
/** Milliseconds within which a socket that is doubted must answer. */
const SIGN_OF_LIFE = 1_000;
const FIRST_DELAY = 300;
const LONGEST_DELAY = 2_000;

/** `replaced`: another tab took over. `refused`: the session is over. Both are final; the others come and go. */
export type Status = "connecting" | "up" | "down" | "replaced" | "refused";

/** Thrown by the ticket function when there is no use in trying again (signed out, session expired). */
export class Refused extends Error {}

export interface Versioned {
  readonly version: number;
  readonly server_time: number;
  /** Seconds. */
  readonly beat_s: number;
}

export interface ConnectionState<View> {
  readonly status: Status;
  /** The newest view; stays, as what was last known, while the connection is down. */
  readonly view: View | null;
}

/** Events that carry a request id and are answered. */
export type PressName<Out> = { [Name in keyof Out]: Out[Name] extends Press ? Name : never }[keyof Out] & string;
/** Events that are neither answered nor repeated. */
export type ReportName<Out> = Exclude<keyof Out & string, PressName<Out>>;
export type AnswerTo<Name> = Name extends "media.offer"
  ? MediaAnswer
  : Name extends "media.servers"
    ? IceServers
    : Answer;

export interface ConnectionOptions {
  readonly namespace: "/caller" | "/console" | "/floor";
  /** Fetches a ticket for one handshake; throws `Refused` where that is final, anything else is tried again. */
  readonly ticket: () => Promise<string>;
  /** For tests. */
  readonly dial?: Dial;
}

export class Connection<View extends Versioned, Out> {
  readonly state = new Store<ConnectionState<View>>({ status: "connecting", view: null });
  readonly #options: ConnectionOptions;
  readonly #presses = new Presses();
  readonly #clock = new ServerClock();
  #wire: Wire | null = null;
  /** The connection that has been asked for a sign of life. */
  #doubted: Wire | null = null;
  #running = false;
  #failures = 0;
  /** Version of the view that this connection has brought; 0: none yet, or one is missing. */
  #version = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #beats: ReturnType<typeof setInterval> | undefined;
  #interval = FIRST_BEATS;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /** Begins to dial; after `stop` or `replaced` it begins anew ([Use here]). */
  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#failures = 0;
    this.state.set({ status: "connecting" });
    window.addEventListener("online", this.#now);
    document.addEventListener("visibilitychange", this.#now);
    this.#beatEvery(FIRST_BEATS);
    void this.#attempt();
  }

  /** Ends it without a word to the server: for the call that is a loss, not a hang-up. */
  stop(): void {
    this.#end("down");
  }

  /** The server's time in microseconds UTC; 0 before the first view. */
  serverNow(): number {
    return this.#clock.now(performance.now());
  }

  /** Sends a press with a fresh request id. Never throws: unanswered within 10 s gives the code `no_answer`. */
  press<Name extends PressName<Out>>(event: Name, body: Omit<Out[Name], "request">): Promise<AnswerTo<Name>> {
    const [waiting, answer] = this.#presses.wait<AnswerTo<Name> & Answer>(event, {
      ...body,
      request: crypto.randomUUID(),
    });
    this.#send(waiting);
    return answer;
  }

  /** Sends a report; one that cannot be sent now is dropped, because it would be stale later. */
  report<Name extends ReportName<Out>>(event: Name, body: Out[Name]): void {
    if (this.state.get().status === "up") this.#wire?.emit(event, body);
  }

  /**
   * Media has stopped, so the network may be another one by now: a socket that does not answer at once is given up,
   * which its own pings would take ten seconds to find.
   */
  doubt(): void {
    const wire = this.#wire;
    if (!wire || this.#doubted === wire || this.state.get().status !== "up") return;
    this.#doubted = wire;
    const guard = setTimeout(() => this.#lost(wire), SIGN_OF_LIFE);
    wire.emit("beat", { version: this.#version }, () => {
      clearTimeout(guard);
      if (this.#doubted === wire) this.#doubted = null;
    });
  }

  readonly #beat = (): void => {
    if (this.state.get().status !== "up") return;
    this.#wire?.emit("beat", { version: this.#version });
  };

  #beatEvery(interval: number): void {
    clearInterval(this.#beats);
    this.#interval = interval;
    this.#beats = setInterval(this.#beat, interval);
  }

  readonly #now = (): void => {
    if (this.#retry === undefined || document.visibilityState === "hidden") return;
    this.#clearRetry();
    void this.#attempt();
  };

  async #attempt(): Promise<void> {
    try {
      const ticket = await this.#options.ticket();
      if (this.#running && this.#wire === null) this.#listen((this.#options.dial ?? dialSocket)(this.#options.namespace, ticket));
    } catch (error) {
      if (!this.#running) return;
      if (error instanceof Refused) this.#end("refused");
      else this.#later();
    }
  }

  #listen(wire: Wire): void {
    this.#wire = wire;
    // A node that dies between the transport's and the namespace's handshake would leave us waiting for ever.
    const guard = setTimeout(() => this.#lost(wire), HANDSHAKE_TIME_OUT);
    wire.on("connect", () => {
      clearTimeout(guard);
      this.#up(wire);
    });
    const lost = (): void => {
      clearTimeout(guard);
      this.#lost(wire);
    };
    wire.on("connect_error", lost);
    wire.on("disconnect", lost);
    wire.on("view", (view: View) => this.#viewed(wire, view));
    wire.on("changes", (changes: ViewChanges) => this.#changed(wire, changes));
    wire.on("replaced", () => this.#end("replaced"));
  }

  #up(wire: Wire): void {
    if (wire !== this.#wire) return;
    this.#failures = 0;
    this.#version = 0;
    this.#beatEvery(FIRST_BEATS);
    this.#clock.restart();
    this.state.set({ status: "up" });
    for (const waiting of this.#presses.unanswered()) this.#send(waiting);
  }

  // The first view of a connection counts whatever its version: it is another count than that of the one before.
  #viewed(wire: Wire, view: View): void {
    if (wire === this.#wire && view.version >= this.#version) this.#show(view);
  }

  #changed(wire: Wire, { since, version, server_time, changes }: ViewChanges): void {
    if (wire !== this.#wire || version <= this.#version) return;
    const { view } = this.state.get();
    if (since !== this.#version || view === null) return this.#ask();
    let next: View;
    try {
      next = applyChanges(view, changes);
    } catch {
      return this.#ask();
    }
    this.#show({ ...next, version, server_time });
  }

  /** Has the whole view sent again. */
  #ask(): void {
    this.#version = 0;
    this.#beat();
  }

  #show(view: View): void {
    this.#version = view.version;
    this.#clock.heard(view.server_time, performance.now());
    this.#keepBeat(view.beat_s * 1_000);
    this.state.set({ view });
  }

  // Where somebody waits by this page it is asked for more beats. The first of them goes at once, so that the server is
  // sure of it.
  #keepBeat(interval: number): void {
    if (interval === this.#interval) return;
    const quicker = interval < this.#interval;
    this.#beatEvery(interval);
    if (quicker) this.#beat();
  }

  #send(waiting: Waiting): void {
    if (this.state.get().status === "up") this.#wire?.emit(waiting.event, waiting.message, waiting.answer);
  }

  #lost(wire: Wire): void {
    if (wire !== this.#wire) return;
    this.#wire = null;
    wire.close();
    if (this.#running) this.#later();
  }

  #later(): void {
    this.state.set({ status: "down" });
    const delay = retryDelay(this.#failures++, Math.random());
    this.#clearRetry();
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      void this.#attempt();
    }, delay);
  }

  #clearRetry(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
  }

  #end(status: Status): void {
    this.#running = false;
    this.#clearRetry();
    clearInterval(this.#beats);
    window.removeEventListener("online", this.#now);
    document.removeEventListener("visibilitychange", this.#now);
    const wire = this.#wire;
    this.#wire = null;
    wire?.close();
    this.#presses.end();
    this.state.set({ status });
  }
}

/** Milliseconds until the next dial after `failures` in a row; `chance` from [0, 1) spreads the pages of a shop. */
export function retryDelay(failures: number, chance: number): number {
  return Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** failures) * (0.75 + chance / 2);
}
