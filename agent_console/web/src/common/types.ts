// What the staff's HTTP API sends (docs/http.md). Times are microseconds UTC. The live wire's types are @vouch/client's.

import type { Leg, Outcome, Verdict } from "#client";

export type Role = "agent" | "supervisor" | "administrator";

/** What somebody who gave the right password has yet to do. */
export type Pending = "second_factor" | "enrolment" | "password";

export interface Me {
  id: string;
  username: string;
  full_name: string;
  role: Role;
  company: string | null;
  csrf: string;
  pending: Pending | null;
}

/** A team's own reason for taking no calls. */
export interface OwnWord {
  code: string;
  vi: string;
  en: string;
}

export interface Codes {
  pause: string[];
  own_words: OwnWord[];
  decline: string[];
  reject: string[];
  unable: string[];
  end: string[];
  script: { vi: string; en: string; version: string };
}

export interface Compared {
  field: string;
  typed: string | null;
  read: string | null;
  result: "match" | "differs" | "not_assessed";
}

export type PictureKind = "id_front" | "id_back" | "portrait" | "snapshot" | "agent" | "extra" | "last_frame";

export interface Picture {
  key: string;
  kind: PictureKind;
  source: "camera" | "file" | "call";
  /** Whether `source` is what the sender says, which nothing proves. */
  source_claimed: boolean;
  call: string | null;
  attempt: number | null;
  at: number;
  width: number;
  height: number;
  sha256: string;
  exact: boolean | null;
}

export interface Attempt {
  attempt: number;
  number: string;
  outcome: Outcome | null;
  verdict: Verdict | null;
  reason: string | null;
  fraud: boolean;
  ended_at: number | null;
  agent: string | null;
}

/** What a dossier and a case have in common: who wants to be verified for what, by which papers. */
export interface Subject {
  verification: string;
  company: string;
  channel: "dealer" | "online";
  customer: { full_name: string; id_number: string; date_of_birth: string; id_type: string; address: string };
  subscriber: { msisdn: string; sub_type: string; customer_type: string; payment: string };
  dealer: {
    name: string;
    kind: string | null;
    shop_code: string | null;
    shop_name: string | null;
    shop_address: string | null;
  } | null;
  decision: string;
  rule: string;
  comparison: Compared[];
  pictures: Picture[];
  attempts: Attempt[];
}

export interface Dossier extends Subject {
  call: string;
  number: string;
  attempt: number;
}

export interface OwnCall {
  id: string;
  number: string;
  verification: string;
  company: string;
  started_at: number | null;
  ended_at: number | null;
  talk_us: number;
  outcome: Outcome | null;
  verdict: Verdict | null;
  agent: string;
}

export interface OwnCalls {
  calls: OwnCall[];
  cursor: string | null;
  totals: { calls: number; talk_us: number };
}

export type VerificationState = "created" | "in_call" | "confirmed" | "rejected" | "unable_to_verify" | "expired";

export interface VerificationRow {
  id: string;
  number: string | null;
  external_ref: string;
  company: string;
  channel: string;
  state: VerificationState;
  full_name: string;
  msisdn: string;
  created_at: number;
  attempts: number;
  outcome: Outcome | null;
  decided_at: number | null;
  agent: string | null;
  review: Review["mark"] | null;
}

export interface VerificationPage {
  verifications: VerificationRow[];
  cursor: string | null;
}

export interface Sign {
  id: string;
  kind: string;
  team: string;
  agent: string;
  dealer: string | null;
  at: number;
  calls: { id: string; number: string; verification: string }[];
}

export interface SignPage {
  signs: Sign[];
  cursor: string | null;
}

/** The filters of the list; `from` and `to` are instants. */
export interface Search {
  q: string;
  state: string;
  company: string;
  from: number | null;
  to: number | null;
}

export interface CaseCall {
  id: string;
  number: string;
  attempt: number;
  outcome: Outcome | null;
  ended_in: string | null;
  agent: string | null;
  queued_at: number;
  accepted_at: number | null;
  started_at: number | null;
  ended_at: number | null;
  gaps: { leg: Leg; from: number; until: number | null }[];
}

export interface CaseVerdict {
  call: string;
  attempt: number;
  verdict: Verdict;
  reason: string | null;
  fraud: boolean;
  note: string | null;
  late: boolean;
  agent: string;
  pressed_at: number;
  decided_at: number;
  frame_at: number;
  checks: Record<string, unknown>;
}

export interface Person {
  id: string;
  username: string;
  full_name: string;
}

/** One match: a call was offered to one of several agents. */
export interface Offered {
  at: number;
  offer: number;
  agent: Person;
  among: number;
  strategy: "random" | "longest_idle" | "fewest_calls";
  candidates: Person[];
  excluded: { agent: Person; reason: string }[];
  reasons: Record<string, number>;
  day: string;
  drawn_right: boolean | null;
  result: "accepted" | "declined" | "rang_out" | "agent_lost" | "call_ended" | null;
  ended_at: number | null;
}

export interface Waited {
  at: number;
  place: number;
  queue: number;
  reachable: boolean;
  held: string[];
  reasons: Record<string, number>;
}

/** Why a call reached whom it reached. */
export interface CallExplanation {
  call: string;
  offers: Offered[];
  waits: Waited[];
  exact: boolean;
  difference: string | null;
}

/** One peer connection's recording; what is null is not known while it grows. */
export interface Recording {
  leg: Leg;
  media: number;
  began_at: number;
  length: number | null;
  size: number | null;
  sha256: string | null;
  closed_at: number | null;
}

/** What a leg carried, second by second: one value of each for every second. */
export interface Seconds {
  video_bits: number[];
  audio_bits: number[];
  frames: number[];
  lost: number[];
  round_trip: (number | null)[];
  frozen: boolean[];
}

/** What was recorded of a call. */
export interface CallRecordings {
  call: string;
  recordings: Recording[];
  facts: { leg: Leg; media: number; first_at: number; seconds: Seconds }[];
}

export interface Review {
  id: string;
  mark: "agree" | "disagree";
  note: string;
  reviewer: string;
  at: number;
}

export interface Delivery {
  type: string;
  at: number;
  delivered_at: number | null;
  tries: number;
  last_error: string | null;
}

export interface Case extends Subject {
  id: string;
  external_ref: string;
  client: string;
  state: VerificationState;
  created_at: number;
  expires_at: number;
  consent: { version: string; at: number } | null;
  calls: CaseCall[];
  verdicts: CaseVerdict[];
  reviews: Review[];
  deliveries: Delivery[];
}
