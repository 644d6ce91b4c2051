// One RTCPeerConnection with the server: offered once, answered once, never renegotiated.

import type { TrackKind } from "./devices";
import { LIMITS, type Step } from "./sending";
import type { IceServer } from "./messages";

const GATHERING_TIME_OUT = 2_000;
// Where packets must wait, those of the sound go first (W3C webrtc-priority); browsers that do not know it pass over it.
const FIRST: RTCRtpEncodingParameters = { priority: "high", networkPriority: "high" };

export class Peer {
  readonly connection: RTCPeerConnection;
  /** What the server sends; its tracks arrive once the answer is set. */
  readonly stream = new MediaStream();
  /** The media number from the server's answer; 0 before. */
  media = 0;
  #step: Step = "full";
  #tuned: Promise<void> = Promise.resolve();

  constructor(iceServers: readonly IceServer[], local: MediaStream) {
    this.connection = new RTCPeerConnection({ iceServers: iceServers.map(known), bundlePolicy: "max-bundle" });
    this.connection.addEventListener("track", ({ track }) => this.stream.addTrack(track));
    for (const kind of ["audio", "video"] as const) this.#add(kind, local);
  }

  /** The complete offer, candidates included (not trickled), at most 2 s after the call. */
  async offer(): Promise<string> {
    await this.connection.setLocalDescription(await this.connection.createOffer());
    await this.#gathered();
    return this.connection.localDescription?.sdp ?? "";
  }

  async accept(sdp: string, media: number): Promise<void> {
    this.media = media;
    await this.connection.setRemoteDescription({ type: "answer", sdp });
    await this.#tune();
  }

  /** Sends as much video as this step says from now on; the other side negotiates nothing. */
  async send(step: Step): Promise<void> {
    this.#step = step;
    await this.#tune();
  }

  /** Another camera or microphone in place of the old one; the other side notices nothing. */
  async replace(kind: TrackKind, track: MediaStreamTrack): Promise<void> {
    const sender = this.#transceiver(kind)?.sender;
    // A connection that is closing refuses; the one after it takes the track from the stream.
    await sender?.replaceTrack(track).catch(() => undefined);
    if (kind === "video") await this.#tune();
  }

  close(): void {
    this.connection.close();
  }

  #add(kind: TrackKind, local: MediaStream): void {
    const track = local.getTracks().find((candidate) => candidate.kind === kind);
    const transceiver = this.connection.addTransceiver(track ?? kind, {
      direction: "sendrecv",
      streams: [local],
      sendEncodings: [kind === "video" ? { ...LIMITS.full } : FIRST],
    });
    const codecs = kind === "video" ? onlyVp8(RTCRtpReceiver.getCapabilities?.("video")?.codecs ?? []) : [];
    if (codecs.length) transceiver.setCodecPreferences?.(codecs);
  }

  #transceiver(kind: TrackKind): RTCRtpTransceiver | undefined {
    return this.connection.getTransceivers().find(({ receiver }) => receiver.track.kind === kind);
  }

  // Each change is made from what the one before has left: browsers refuse parameters that were read before another.
  #tune(): Promise<void> {
    return (this.#tuned = this.#tuned.then(() => this.#limit()));
  }

  // Short of bandwidth, browsers by default send a small picture; for evidence fewer frames are the lesser harm.
  async #limit(): Promise<void> {
    const sender = this.#transceiver("video")?.sender;
    const parameters = sender?.getParameters();
    if (!sender || !parameters?.encodings?.length) return;
    const encodings = parameters.encodings.map((encoding) => ({ ...encoding, ...LIMITS[this.#step] }));
    const wanted = { ...parameters, encodings, degradationPreference: "maintain-resolution" as const };
    // Not every browser knows it; the call goes on without.
    await sender.setParameters(wanted).catch(() => undefined);
  }

  #gathered(): Promise<void> {
    const { connection } = this;
    return new Promise((resolve) => {
      const look = (): void => {
        if (connection.iceGatheringState === "complete") resolve();
      };
      connection.addEventListener("icegatheringstatechange", look);
      setTimeout(resolve, GATHERING_TIME_OUT);
      look();
    });
  }
}

function known({ urls, username, credential }: IceServer): RTCIceServer {
  return {
    urls,
    ...(username == null ? {} : { username }),
    ...(credential == null ? {} : { credential }),
  };
}

/** VP8 with its retransmissions; the server forwards without transcoding, so both legs must speak the same. */
export function onlyVp8<Codec extends { readonly mimeType: string }>(codecs: readonly Codec[]): Codec[] {
  const of = (name: string): Codec[] => codecs.filter(({ mimeType }) => mimeType.toLowerCase() === name);
  const vp8 = of("video/vp8");
  return vp8.length ? [...vp8, ...of("video/rtx")] : [];
}
