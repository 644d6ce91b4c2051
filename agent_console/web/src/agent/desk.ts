// The agent's end of the wire as one thing: connection, camera and microphone, and the media of the call on the desk.
// No screen; the screens read its stores.

import {
  type AgentView,
  Connection,
  type FromConsole,
  linkView,
  Media,
  PeerLink,
  Relays,
  Store,
} from "#client";

import { ticket } from "../common/api";

interface Linked {
  readonly call: string | null;
  readonly link: PeerLink | null;
}

export class Desk {
  readonly connection = new Connection<AgentView, FromConsole>({ namespace: "/console", ticket });
  readonly media = new Media();
  readonly linked = new Store<Linked>({ call: null, link: null });
  #ends: (() => void)[] = [];
  /** Camera and microphone were seen to work since the page was opened. */
  #seen = false;

  /** Dial, and look whether camera and microphone work. */
  open(): void {
    this.#stopFollowing();
    this.#ends = [this.connection.state.subscribe(this.#follow), this.media.state.subscribe(this.#follow)];
    this.connection.start();
    void this.media.start();
  }

  /** Leave without a word: for a call that is a loss, and the page may come back to it. */
  close(): void {
    this.#stopFollowing();
    this.connection.stop();
    this.#unlink();
    this.media.stop();
  }

  /** The frame on the screen, to be named in a verdict; null while there is none. */
  frame(): ReturnType<PeerLink["lastFrame"]> {
    return this.linked.get().link?.lastFrame() ?? null;
  }

  readonly #follow = (): void => {
    const { view, status } = this.connection.state.get();
    if (status === "replaced" || status === "refused") return this.#rest();
    const call = view?.call ?? null;
    if (this.linked.get().call !== (call?.id ?? null)) this.#unlink();
    this.#openOrRest(view !== null && call?.state === "ended");
    if (call === null) return;
    if (this.linked.get().link === null && this.#canBeSeen()) this.#link(call.id);
    this.linked.get().link?.update(linkView(call, "agent", status));
  };

  // After a call nobody is to be seen or heard until the desk is free for the next one.
  #openOrRest(isOver: boolean): void {
    const { phase } = this.media.state.get();
    if (isOver && phase !== "idle") this.media.stop();
    if (!isOver && phase === "idle") void this.media.start();
  }

  // Without a camera that is seen to work no call is joined: both people must be on the screen. What worked in the call
  // before need not be waited for again.
  #canBeSeen(): boolean {
    const { phase } = this.media.state.get();
    this.#seen ||= phase === "ready";
    return phase === "ready" || (phase === "checking" && this.#seen);
  }

  // Another tab has the camera now, or nobody is signed in any more.
  #rest(): void {
    this.#unlink();
    if (this.media.state.get().phase !== "idle") this.media.stop();
  }

  #stopFollowing(): void {
    for (const end of this.#ends) end();
    this.#ends = [];
  }

  #link(call: string): void {
    const link = new PeerLink({
      relays: new Relays(() => this.connection.press("media.servers", { call })),
      media: this.media,
      offer: (sdp) => this.connection.press("media.offer", { sdp, call }),
      doubt: () => this.connection.doubt(),
      presented: (frame) => this.connection.report("media.presented", { frame, call }),
    });
    this.linked.set({ call, link });
  }

  #unlink(): void {
    this.linked.get().link?.close();
    this.linked.set({ call: null, link: null });
  }
}
