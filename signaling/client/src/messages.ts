// Made from signaling/messages.py by `./dev fix`; changes belong there.

export type Leg = "customer" | "agent";

export type CallState = "waiting" | "ringing" | "connecting" | "active" | "reconnecting" | "deciding" | "ended";

export type Outcome = "confirmed" | "rejected" | "unable_to_verify" | "declined" | "no_agent" | "closed" | "cancelled" | "agent_ended" | "connection_lost" | "interrupted" | "too_long" | "setup_failed";

export type Verdict = "confirmed" | "rejected" | "unable_to_verify";

export type Check = "data" | "faces" | "recheck";

export type Notice = "accepted" | "passing_on" | "declined";

/** Something that a person or a page wants done once. */
export interface Press {
  request: string;
}

/** A frame as the agent's page presented it. */
export interface FrameName {
  /** The media number of the agent's leg that showed it. */
  media: number;
  /** `metadata.rtpTimestamp` of requestVideoFrameCallback; None in browsers that do not tell. */
  rtp_timestamp: number | null;
}

/** `beat`, as often as the view's `beat_s` says: the page lives, and which version of its view it shows. */
export interface Beat {
  /** 0: none that changes could be applied to; the whole view is wanted. */
  version: number;
}

/** `call.ready`: camera and microphone are seen to work, the customer has consented: queue the call. */
export interface CallReady extends Press {
  consent_version: string;
}

/** `media.offer`: a fresh peer connection's SDP offer; answered with MediaAnswer. `call` names the agent's call. */
export interface MediaOffer extends Press {
  sdp: string;
  call?: string | null;
}

/** `media.servers`: which STUN and TURN servers to use; answered with IceServers. `call` names the agent's call. */
export interface MediaServers extends Press {
  call?: string | null;
}

/** `media.presented`: the other side's picture is on the screen; sent at the first frame and with each beat. */
export interface FramePresented {
  frame: FrameName;
  call?: string | null;
}

/** `call.hangup`: the caller leaves for good. */
export interface CallHangUp extends Press {
}

/** `agent.ready`: ready for calls; camera and microphone are seen to work. */
export interface AgentReady extends Press {
}

/** `agent.pause`: not ready, with a reason code. */
export interface AgentPause extends Press {
  reason: string;
}

/** `offer.accept`. */
export interface OfferAccept extends Press {
  call: string;
  offer: number;
}

/** `offer.decline`, with a reason code. */
export interface OfferDecline extends Press {
  call: string;
  offer: number;
  reason: string;
}

/** `check.set`: one of the agent's own ticks before Confirm. */
export interface CheckSet extends Press {
  call: string;
  check: Check;
  ticked: boolean;
}

/** `gate.override`: open a gate that the system cannot, with a reason that goes into the evidence. */
export interface GateOverride extends Press {
  call: string;
  gate: string;
  reason: string;
}

/** `picture.take`: keep the frame on the screen beside the one of the verdict. */
export interface PictureTake extends Press {
  call: string;
  frame: FrameName;
}

/** `verdict`: Confirm, Reject or Unable; answered when it was taken, the kept picture follows in the view. */
export interface VerdictPress extends Press {
  call: string;
  verdict: Verdict;
  reason?: string | null;
  fraud?: boolean;
  note?: string | null;
  frame?: FrameName | null;
}

/** `call.end`: the agent ends the call without a verdict, with a reason code. */
export interface CallEnd extends Press {
  call: string;
  reason: string;
}

/** `wrapup.end`: the agent needs no more time. */
export interface WrapUpEnd extends Press {
}

/** What became of a press: `ok`, or a stable code; `detail` names what the code speaks of (a gate, a sentence). */
export interface Answer {
  code: string;
  detail: string;
}

/** The answer to `media.offer`: the SDP answer and the new media number of this leg. */
export interface MediaAnswer extends Answer {
  sdp: string;
  media: number;
  /** With the code `too_many_offers`: the next offer is taken after so many seconds. */
  wait_s: number;
}

/** One STUN or TURN server as RTCPeerConnection takes it (W3C WebRTC, RTCIceServer). */
export interface IceServer {
  urls: string;
  username: string | null;
  credential: string | null;
}

/** The answer to `media.servers`. */
export interface IceServers extends Answer {
  servers: ReadonlyArray<IceServer>;
  /** Seconds from now for which a new peer connection may begin to use them. */
  ttl_s: number;
}

/** A leg that is not heard. */
export interface Lost {
  leg: Leg;
  /** The call ends for it at this instant unless the leg is heard again. */
  until: number;
}

/** The call as its caller sees it. */
export interface CallerCall {
  id: string;
  /** For people to read aloud. */
  number: string;
  attempt: number;
  state: CallState;
  outcome: Outcome | null;
  notice: Notice | null;
  /** Place in the queue, from 1. */
  position: number | null;
  expected_wait_s: number | null;
  lost: ReadonlyArray<Lost>;
  /** Current media number of the customer's leg; 0 before the first offer. */
  media: number;
  /** The server has no live media for this leg: send a fresh `media.offer`. */
  renegotiate: boolean;
  started_at: number | null;
  /** With the outcome `closed`: when the team works next, as far as is known. */
  opens_at: number | null;
}

/** All that the caller's page shows. */
export interface CallerView {
  version: number;
  server_time: number;
  /** How often the page must send `beat`; at once when this falls. */
  beat_s: number;
  /** None before `call.ready`. */
  call: CallerCall | null;
}

/** A ringing call. */
export interface OfferView {
  call: string;
  offer: number;
  number: string;
  verification: string;
  attempt: number;
  deadline: number;
  /** When it began to ring. */
  started_at: number;
}

/** A picture that is stored for this call. */
export interface KeptPicture {
  kind: "snapshot" | "extra" | "last_frame";
  /** When the frame arrived at the server. */
  at: number;
  /** For GET /api/console/verifications/{verification}/pictures/{key}. */
  key: string;
}

/** A call as its agent sees it. */
export interface AgentCall {
  id: string;
  number: string;
  verification: string;
  attempt: number;
  state: CallState;
  outcome: Outcome | null;
  shut_gates: ReadonlyArray<string>;
  /** The ticks that are set. */
  checks: ReadonlyArray<Check>;
  lost: ReadonlyArray<Lost>;
  /** Current media number of the agent's leg; 0 before the first offer. */
  media: number;
  renegotiate: boolean;
  started_at: number | null;
  /** When the call ends as too_long. */
  deadline: number | null;
  verdict: Verdict | null;
  pressed_at: number | null;
  /** A late reject or unable is still possible (the call ended without a verdict, wrap-up runs). */
  late_verdict: boolean;
  kept: ReadonlyArray<KeptPicture>;
}

/** The agent's own state. */
export interface AgentSelf {
  id: string;
  ready: boolean;
  /** Why not ready: his own pause reason, or `did_not_answer`, `was_away`, `connection_lost`. */
  reason: string | null;
  since: number;
  wrap_up_until: number | null;
}

/** The queue as the agent's top bar shows it. */
export interface QueueSummary {
  waiting: number;
  longest_since: number | null;
}

/** All that changes by itself in the agent's console. */
export interface AgentView {
  version: number;
  server_time: number;
  /** How often the page must send `beat`; at once when this falls. */
  beat_s: number;
  agent: AgentSelf;
  offer: OfferView | null;
  call: AgentCall | null;
  queue: QueueSummary;
  /** Why the last verdict was not kept: a code, until the next press. */
  refusal: string | null;
}

/** `changes`: what turns version `since` of the view into `version`. */
export interface ViewChanges {
  /** A page that shows another version ignores this and asks for the whole view by `beat` with version 0. */
  since: number;
  version: number;
  server_time: number;
  /** In order: the value at the path of keys and places (from 0) is replaced. */
  changes: ReadonlyArray<readonly [ReadonlyArray<string | number>, unknown]>;
}

/** `replaced`: another tab or device took over; this page stops and says so. */
export interface Replaced {
}

/** A tile of the supervisor's floor. */
export interface FloorAgent {
  id: string;
  name: string;
  state: "free" | "ringing" | "in_call" | "wrap_up" | "paused" | "offline";
  reason: string | null;
  since: number;
  call: string | null;
}

/** A live call on the supervisor's floor. */
export interface FloorCall {
  id: string;
  number: string;
  verification: string;
  company: string;
  state: CallState;
  since: number;
  position: number | null;
  agent: string | null;
}

/** One team's floor. */
export interface FloorTeam {
  company: string;
  agents: ReadonlyArray<FloorAgent>;
  calls: ReadonlyArray<FloorCall>;
  /** Why no new call is offered, if it is not. */
  held: ReadonlyArray<string>;
}

/** The supervisor's live view (namespace /floor). */
export interface FloorView {
  version: number;
  server_time: number;
  /** How often the page must send `beat`; at once when this falls. */
  beat_s: number;
  teams: ReadonlyArray<FloorTeam>;
}

/** What the server takes, by the name of the Socket.IO event. */
export interface FromCaller {
  "beat": Beat;
  "call.ready": CallReady;
  "media.servers": MediaServers;
  "media.offer": MediaOffer;
  "media.presented": FramePresented;
  "call.hangup": CallHangUp;
}

/** What the server takes, by the name of the Socket.IO event. */
export interface FromConsole {
  "beat": Beat;
  "agent.ready": AgentReady;
  "agent.pause": AgentPause;
  "offer.accept": OfferAccept;
  "offer.decline": OfferDecline;
  "media.servers": MediaServers;
  "media.offer": MediaOffer;
  "media.presented": FramePresented;
  "check.set": CheckSet;
  "gate.override": GateOverride;
  "picture.take": PictureTake;
  "verdict": VerdictPress;
  "call.end": CallEnd;
  "wrapup.end": WrapUpEnd;
}

/** What the server takes, by the name of the Socket.IO event. */
export interface FromFloor {
  "beat": Beat;
}
