// One call of this page: camera and microphone seen to work, then into the queue, then media as the views tell. Knows no
// screen. Leaving it without `hangUp` is a loss, which the server gives 15 s to mend, not a hang-up.

import {
  Connection,
  linkView,
  Media,
  PeerLink,
  Relays,
  Store,
  type CallerCall,
  type CallerView,
  type FromCaller,
  type Status,
} from "#client";

import { getTicket, type CallPage } from "../api/call";

/** `call`: press into the queue. `resume`: go on with the call that lives already. */
export type Intent = "call" | "resume";

/** What a call needs of its page; nothing of the customer, who is gone from the page with the result. */
export type SessionPage = Pick<CallPage, "csrf" | "consent">;

export interface SessionState {
  readonly status: Status;
  /** The call as last told; null before it is queued. */
  readonly call: CallerCall | null;
  /** Why the server did not take the call. */
  readonly refusal: { readonly code: string; readonly detail: string } | null;
  /** There is no call to resume any more. */
  readonly gone: boolean;
  readonly hangingUp: boolean;
}

export class CallSession {
  readonly state = new Store<SessionState>({ status: "connecting", call: null, refusal: null, gone: false, hangingUp: false });
  readonly media = new Media();
  readonly connection: Connection<CallerView, FromCaller>;
  readonly link: PeerLink;
  readonly #relays: Relays;
  readonly #consentVersion: string;
  #intent: Intent;
  /** The call that the server answered `call.ready` with; an older one that is still shown is not ours. */
  #id: string | null = null;
  #asking = false;
  #over = false;
  readonly #unsubscribe: readonly (() => void)[];

  constructor(page: SessionPage, intent: Intent) {
    this.#consentVersion = page.consent.version;
    this.#intent = intent;
    this.connection = new Connection({ namespace: "/caller", ticket: () => getTicket(page.csrf) });
    this.#relays = new Relays(() => this.connection.press("media.servers", {}));
    this.link = new PeerLink({
      relays: this.#relays,
      media: this.media,
      offer: (sdp) => this.connection.press("media.offer", { sdp }),
      doubt: () => this.connection.doubt(),
      presented: (frame) => this.connection.report("media.presented", { frame }),
    });
    this.#unsubscribe = [this.connection.state.subscribe(this.#act), this.media.state.subscribe(this.#act)];
  }

  start(): void {
    void this.media.start();
    this.connection.start();
  }

  /** Another tab had taken over; this one takes the call back. */
  useHere(): void {
    this.#intent = "resume";
    this.start();
  }

  /** The caller leaves for good; true when the server has taken it. */
  async hangUp(): Promise<boolean> {
    this.state.set({ hangingUp: true });
    const { code } = await this.connection.press("call.hangup", {});
    this.state.set({ hangingUp: false });
    return code === "ok";
  }

  /** Lets go of everything. */
  close(): void {
    this.#over = true;
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.link.close();
    this.media.stop();
    this.connection.stop();
  }

  readonly #act = (): void => {
    if (this.#over) return;
    const { status, view } = this.connection.state.get();
    const call = this.#isOurs(view?.call) ? (view?.call ?? null) : this.state.get().call;
    const gone = this.#intent === "resume" && status === "up" && view !== null && view.call === null;
    this.state.set({ status, call, gone });
    // Where nothing goes on, camera and microphone do not either.
    if (gone || call?.state === "ended") return this.close();
    if (status === "replaced" || status === "refused") this.media.stop();
    const { phase } = this.media.state.get();
    const seen = phase === "ready" || (phase === "checking" && call !== null);
    const facts = linkView(call, "customer", status);
    this.link.update({ ...facts, wanted: facts.wanted && seen });
    if (this.#intent === "call" && this.#id === null && phase === "ready" && status === "up") void this.#ask();
  };

  #isOurs(call: CallerCall | null | undefined): boolean {
    if (!call) return false;
    return this.#intent === "resume" || call.id === this.#id;
  }

  async #ask(): Promise<void> {
    if (this.#asking || this.state.get().refusal) return;
    this.#asking = true;
    const { code, detail } = await this.connection.press("call.ready", { consent_version: this.#consentVersion });
    this.#asking = false;
    if (code === "ok") this.#queued(detail);
    // Nobody answered: the page is still in no queue, so it goes on asking as soon as it can.
    else if (code !== "no_answer") return this.#refused(code, detail);
    this.#act();
  }

  #queued(call: string): void {
    this.#id = call;
    // Asked for while it waits, so that the media need not; where that fails the link asks again.
    this.#relays.get().catch(() => undefined);
  }

  #refused(code: string, detail: string): void {
    this.state.set({ refusal: { code, detail } });
    this.close();
  }
}
