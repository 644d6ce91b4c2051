// One RTCPeerConnection with the server: offered once, answered once, never renegotiated.

import type { TrackKind } from "./media";

/** As the server's settings hold it; absent parts are null. */
export interface IceServer {
  readonly urls: string | readonly string[];
  readonly username?: string | null;
  readonly credential?: string | null;
}

const GATHERING_TIME_OUT = 2_000;
const MAX_BITRATE = 1_200_000;

export class Peer {
  readonly connection: RTCPeerConnection;
  /** What the server sends; its tracks arrive once the answer is set. */
  readonly stream = new MediaStream();
  /** The media number from the server's answer; 0 before. */
  media = 0;

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
    await this.#keepResolution();
  }

  /** Another camera or microphone in place of the old one; the other side notices nothing. */
  async replace(kind: TrackKind, track: MediaStreamTrack): Promise<void> {
    const sender = this.#transceiver(kind)?.sender;
    // A connection that is closing refuses; the one after it takes the track from the stream.
    await sender?.replaceTrack(track).catch(() => undefined);
  }

  close(): void {
    this.connection.close();
  }

  #add(kind: TrackKind, local: MediaStream): void {
    const track = local.getTracks().find((candidate) => candidate.kind === kind);
    const transceiver = this.connection.addTransceiver(track ?? kind, {
      direction: "sendrecv",
      streams: [local],
      ...(kind === "video" ? { sendEncodings: [{ maxBitrate: MAX_BITRATE }] } : {}),
    });
    const codecs = kind === "video" ? onlyVp8(RTCRtpReceiver.getCapabilities?.("video")?.codecs ?? []) : [];
    if (codecs.length) transceiver.setCodecPreferences?.(codecs);
  }

  #transceiver(kind: TrackKind): RTCRtpTransceiver | undefined {
    return this.connection.getTransceivers().find(({ receiver }) => receiver.track.kind === kind);
  }

  // Short of bandwidth, browsers by default send a small picture; for evidence fewer frames are the lesser harm.
  async #keepResolution(): Promise<void> {
    const sender = this.#transceiver("video")?.sender;
    const parameters = sender?.getParameters();
    if (!sender || !parameters) return;
    const wanted = { ...parameters, degradationPreference: "maintain-resolution" as const };
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
    urls: typeof urls === "string" ? urls : [...urls],
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
