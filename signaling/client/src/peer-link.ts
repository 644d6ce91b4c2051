// One call's media: keeps a working peer connection with the server, replaces a broken one while the old picture stays
// until the new one shows a frame, and knows which frame is on the screen. What to do is decided in reconnect.ts.

import { watchFrames, type Presented } from "./frames";
import type { Media } from "./media";
import type { FrameName, MediaAnswer } from "./messages";
import { Meter } from "./meter";
import { Peer } from "./peer";
import { keepPlaying } from "./playing";
import type { Quality } from "./quality";
import { decide, offerDelayAsked, type LinkFacts } from "./reconnect";
import type { Relays } from "./relays";
import type { Step } from "./sending";
import { Store } from "./store";

const LOOK = 500;
const REPORT_INTERVAL = 2_000;

export interface PeerLinkOptions {
  readonly relays: Relays;
  readonly media: Media;
  /** Presses `media.offer`. */
  readonly offer: (sdp: string) => Promise<MediaAnswer>;
  /** Nothing comes or goes: have the socket looked at. */
  readonly doubt: () => void;
  /** Reports `media.presented`: at the first frame of each connection and then every 2 s. */
  readonly presented: (frame: FrameName) => void;
}

/** What the newest view and the connection say of this page's own leg. */
export interface LinkView {
  /** The call is connecting, active, reconnecting or deciding. */
  readonly wanted: boolean;
  readonly renegotiate: boolean;
  readonly media: number;
  readonly socketUp: boolean;
  /** The view lists this page's own leg as lost. */
  readonly lost: boolean;
}

export interface LinkState {
  /** `opening`: no picture yet. `broken`: a repair is under way, the last picture stands still. */
  readonly phase: "closed" | "opening" | "showing" | "broken";
  readonly quality: Quality | null;
  /** How much video this page sends; `paused`: none, because the network bears no more than sound. */
  readonly sending: Step;
  /** Sound arrives but no picture: the other page has paused it for the same reason, or its camera was taken away. */
  readonly soundOnly: boolean;
  /** The browser wants a press before it plays sound: show a button that calls `playSound`. */
  readonly soundBlocked: boolean;
}

const CLOSED: LinkState = { phase: "closed", quality: null, sending: "full", soundOnly: false, soundBlocked: false };

export class PeerLink {
  readonly state = new Store<LinkState>(CLOSED);
  readonly #options: PeerLinkOptions;
  #facts: LinkFacts = { wanted: false, renegotiate: false, media: 0, socketUpSince: null };
  #lostSince: number | null = null;
  #shown: Peer | null = null;
  #next: Peer | null = null;
  #openedAt = 0;
  #troubleSince: number | null = null;
  #opening = false;
  #failures = 0;
  #retryAt = 0;
  #video: HTMLVideoElement | null = null;
  #unwatch: () => void = () => undefined;
  #unkeep: () => void = () => undefined;
  #last: Presented | null = null;
  #reportedAt = 0;
  #meter: { readonly peer: Peer; readonly meter: Meter } | null = null;
  readonly #looks: ReturnType<typeof setInterval>;
  readonly #endTracks: () => void;

  constructor(options: PeerLinkOptions) {
    this.#options = options;
    this.#endTracks = options.media.onTrack((kind, track) => {
      for (const peer of [this.#shown, this.#next]) void peer?.replace(kind, track);
    });
    this.#looks = setInterval(() => void this.#look(), LOOK);
  }

  /** Tells what is known now; call after every view and change of the connection. */
  update(view: LinkView): void {
    const now = performance.now();
    const since = view.socketUp ? (this.#facts.socketUpSince ?? now) : null;
    this.#lostSince = view.lost ? (this.#lostSince ?? now) : null;
    this.#facts = { wanted: view.wanted, renegotiate: view.renegotiate, media: view.media, socketUpSince: since };
    this.#act();
  }

  /** The element that shows the other side; null when it leaves the page. It is the one whose frames are named. */
  show(video: HTMLVideoElement | null): void {
    this.#unwatch();
    this.#unkeep();
    this.#video = video;
    this.#unkeep = video ? keepPlaying(video, () => this.#play(video)) : () => undefined;
    if (video && this.#shown) this.#present(this.#shown);
  }

  /** The frame on the screen, to be sent with a verdict; null before the first of the newest connection. */
  lastFrame(): FrameName | null {
    return this.#last && { media: this.#last.media, rtp_timestamp: this.#last.rtp_timestamp };
  }

  /** Milliseconds since the picture on the screen last changed; null before the first frame. */
  lastFrameAge(): number | null {
    return this.#last && performance.now() - this.#last.at;
  }

  /** To be called in a press where `soundBlocked`. */
  playSound(): void {
    if (!this.#video) return;
    this.#video.muted = false;
    this.state.set({ soundBlocked: false });
    this.#play(this.#video);
  }

  /** Ends it for good. */
  close(): void {
    clearInterval(this.#looks);
    this.#endTracks();
    this.#unkeep();
    this.#facts = { ...this.#facts, wanted: false };
    this.#closePeers();
  }

  async #look(): Promise<void> {
    await this.#measure();
    this.#act();
    if (this.#last && performance.now() - this.#reportedAt >= REPORT_INTERVAL) this.#report(this.#last);
  }

  #act(): void {
    const now = performance.now();
    const decision = decide({ ...this.#facts, now, ...this.#peerFacts(now), opening: this.#opening, retryAt: this.#retryAt });
    if (decision === "open") void this.#open();
    if (decision === "close") this.#closePeers();
  }

  #peerFacts(now: number): Pick<Parameters<typeof decide>[0], "peer"> {
    const peer = this.#next ?? this.#shown;
    if (!peer) return { peer: null };
    const state = peer.connection.connectionState;
    const troubled = state !== "connected" || this.#isStalled(peer);
    this.#troubleSince = troubled ? (this.#troubleSince ?? now) : null;
    const troubleSince = earliest(this.#troubleSince, this.#lostSince);
    if (troubleSince !== null && this.state.get().phase === "showing") this.state.set({ phase: "broken" });
    if (troubleSince === null && this.state.get().phase === "broken" && !this.#next) this.state.set({ phase: "showing" });
    return { peer: { media: peer.media, openedAt: this.#openedAt, state, troubleSince } };
  }

  #isStalled(peer: Peer): boolean {
    const sends = this.#options.media.stream.getTracks().some((track) => track.readyState === "live" && !track.muted);
    return sends && this.#meter?.peer === peer && this.#meter.meter.latest?.quality.bitrateUp === 0;
  }

  async #open(): Promise<void> {
    this.#opening = true;
    if (this.state.get().phase !== "showing") this.state.set({ phase: this.#last ? "broken" : "opening" });
    let peer: Peer | null = null;
    let wait = 0;
    try {
      // Refused by a browser that holds too many connections already, or by a server for which the call is over.
      peer = new Peer(await this.#options.relays.get(), this.#options.media.stream);
      const answer = await this.#options.offer(await peer.offer());
      wait = answer.wait_s ?? 0; // `too_many_offers`; an answer of our own making has none
      if (answer.code !== "ok" || !this.#facts.wanted) throw new Error(answer.code);
      await peer.accept(answer.sdp, answer.media);
      this.#take(peer);
    } catch {
      peer?.close();
      this.#retryAt = performance.now() + offerDelayAsked(this.#failures++, wait);
    } finally {
      this.#opening = false;
    }
  }

  #take(peer: Peer): void {
    this.#failures = 0;
    this.#openedAt = performance.now();
    this.#troubleSince = null;
    this.#next?.close();
    this.#next = peer;
    peer.connection.addEventListener("connectionstatechange", () => this.#act());
    // With nothing on the screen there is nothing to be kept there.
    if (this.#shown) this.#whenFirstFrame(peer);
    else this.#showNext(peer);
  }

  // The new stream plays unseen until it has a frame, so that the old picture stays until there is a better one.
  #whenFirstFrame(peer: Peer): void {
    const probe = document.createElement("video");
    probe.muted = true;
    probe.playsInline = true;
    probe.srcObject = peer.stream;
    probe.play().catch(() => undefined);
    const end = watchFrames(probe, peer.media, () => {
      end();
      probe.srcObject = null;
      if (peer === this.#next) this.#showNext(peer);
    });
    peer.connection.addEventListener("connectionstatechange", () => peer.connection.connectionState === "closed" && end());
  }

  #showNext(peer: Peer): void {
    this.#shown?.close();
    this.#shown = peer;
    this.#next = null;
    this.#present(peer);
  }

  #present(peer: Peer): void {
    this.#unwatch();
    this.#last = null;
    this.#reportedAt = 0;
    if (!this.#video) return;
    this.#video.srcObject = peer.stream;
    this.#unwatch = watchFrames(this.#video, peer.media, (frame) => this.#presented(frame));
    this.#play(this.#video);
  }

  #presented(frame: Presented): void {
    const first = this.#last === null;
    this.#last = frame;
    if (!first) return;
    this.state.set({ phase: "showing" });
    this.#report(frame);
  }

  #report(frame: Presented): void {
    if (frame.at <= this.#reportedAt) return;
    this.#reportedAt = performance.now();
    this.#options.presented({ media: frame.media, rtp_timestamp: frame.rtp_timestamp });
  }

  #play(video: HTMLVideoElement): void {
    video.play().catch((error: unknown) => {
      if (!(error instanceof Error) || error.name !== "NotAllowedError" || video.muted) return;
      video.muted = true;
      this.state.set({ soundBlocked: true });
      this.#play(video);
    });
  }

  async #measure(): Promise<void> {
    const peer = this.#next ?? this.#shown;
    if (!peer) return;
    if (this.#meter?.peer !== peer) this.#meter = { peer, meter: new Meter(peer) };
    const { meter } = this.#meter;
    await meter.look();
    if (!meter.latest || this.#meter?.meter !== meter) return;
    const { quality, step, soundOnly, still } = meter.latest;
    this.#options.media.sees(!still);
    this.state.set({ quality, sending: step, soundOnly });
    if (quality.bitrateDown === 0 || quality.bitrateUp === 0) this.#options.doubt();
    // Without a picture for the time being its sound is more than a connection that the server has left.
    if (soundOnly && peer === this.#next) this.#showNext(peer);
  }

  #closePeers(): void {
    this.#unwatch();
    this.#shown?.close();
    this.#next?.close();
    this.#shown = null;
    this.#next = null;
    this.#last = null;
    this.#meter = null;
    if (this.#video) this.#video.srcObject = null;
    this.state.set(CLOSED);
  }
}

function earliest(...instants: readonly (number | null)[]): number | null {
  return instants.reduce((least, instant) => (least === null || (instant !== null && instant < least) ? instant : least), null);
}
