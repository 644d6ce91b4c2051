// When a page builds a new peer connection. Pure. There is no ICE restart: a new connection is the only repair, and it
// is decided on this page's own account only, never because the other side of the call is in trouble.

/** A dead-looking path may heal by itself; after this long, with the socket up, it is given up. Milliseconds. */
export const PATIENCE = 2_000;
/** The same where the socket has just come back too: the network is another one, or heals within a moment. */
export const MOMENT = 700;
/** How long a new connection may take until it carries media. Milliseconds. */
export const SETTLE = 5_000;

export interface PeerFacts {
  /** The media number that the server gave it. */
  readonly media: number;
  readonly openedAt: number;
  readonly state: RTCPeerConnectionState;
  /** Since when the connection is not `connected`, or nothing leaves this page, or the server misses us. */
  readonly troubleSince: number | null;
}

export interface LinkFacts {
  /** The call is in a state in which media flows. */
  readonly wanted: boolean;
  /** The server's word: it has no live media for this leg. */
  readonly renegotiate: boolean;
  /** The newest media number that the server told. */
  readonly media: number;
  /** Since when the socket is up; null while it is down. */
  readonly socketUpSince: number | null;
}

export interface Facts extends LinkFacts {
  readonly now: number;
  /** The newest peer connection whose offer was answered. */
  readonly peer: PeerFacts | null;
  /** An offer is on its way. */
  readonly opening: boolean;
  /** Not before this instant: the last offer failed. */
  readonly retryAt: number;
}

export type Decision = "keep" | "open" | "close";

export function decide(facts: Facts): Decision {
  const { now, peer, socketUpSince } = facts;
  if (!facts.wanted) return peer || facts.opening ? "close" : "keep";
  if (facts.opening || socketUpSince === null || now < facts.retryAt) return "keep";
  return peer === null || isGivenUp(peer, facts, socketUpSince) ? "open" : "keep";
}

function isGivenUp(peer: PeerFacts, facts: Facts, socketUpSince: number): boolean {
  const { now } = facts;
  if (peer.state === "failed" || peer.state === "closed") return true;
  // A view written before the newest offer's packets arrived still says renegotiate; a higher number is never ours.
  if (facts.renegotiate && (facts.media > peer.media || now - peer.openedAt > SETTLE)) return true;
  if (peer.troubleSince === null || now - peer.openedAt <= SETTLE) return false;
  const patience = now - socketUpSince < SETTLE ? MOMENT : PATIENCE;
  return now - Math.max(peer.troubleSince, socketUpSince) > patience;
}

/** Milliseconds until the next offer after `failures` in a row. */
export function offerDelay(failures: number): number {
  return Math.min(3_000, 500 * 2 ** failures);
}

/** The same where the server may have asked for seconds of its own (`too_many_offers`). */
export function offerDelayAsked(failures: number, waitSeconds: number): number {
  return Math.max(offerDelay(failures), 1_000 * waitSeconds);
}
