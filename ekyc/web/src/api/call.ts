// /api/call: the page of one verification's calls, by cookie (docs/http.md).

import { Refused, type Outcome } from "#client";

import { Problem } from "../common/problem";
import type { ConsentText, PaperKind } from "./ekyc";
import { request } from "./http";

/** A working time of every week, Vietnamese time. */
export interface WorkingTime {
  /** 1 is Monday, 7 Sunday. */
  readonly weekday: number;
  /** As 08:00. */
  readonly since: string;
  readonly until: string;
}

/** When the team that takes the calls works. */
export interface Opening {
  /** In order; empty: always. */
  readonly hours: readonly WorkingTime[];
  /** While it is closed: when it works next, as far as is known. */
  readonly opens_at: number | null;
}

/** How the last call ended: what stays when everything else has gone. */
export interface CallResult {
  readonly outcome: Outcome;
  readonly reason: string | null;
  /** The call's number. */
  readonly reference: string;
  /** Microseconds. */
  readonly at: number;
}

export interface CallPage {
  readonly csrf: string;
  readonly verification: string;
  readonly state: "created" | "in_call" | "confirmed" | "rejected" | "unable_to_verify" | "expired";
  readonly decision: "required" | "optional" | "not_possible";
  readonly channel: "dealer" | "online";
  /** Null once there is a result, or no call can be made any more. */
  readonly customer: { readonly full_name: string; readonly msisdn: string } | null;
  readonly pictures: readonly PaperKind[];
  readonly consent: ConsentText;
  readonly consented: boolean;
  readonly can_call: boolean;
  readonly last_outcome: Outcome | null;
  readonly result: CallResult | null;
  readonly opening: Opening;
}

export const joinByToken = (token: string): Promise<CallPage> =>
  request("POST", "/api/call/session", { body: { join_token: token } });

export const getCallPage = (): Promise<CallPage> => request("GET", "/api/call/session");

/** The page is done with on this browser. */
export const leaveCallPage = (csrf: string): Promise<void> => request("DELETE", "/api/call/session", { csrf });

/** For one handshake of the socket; a session that is over is final. */
export async function getTicket(csrf: string): Promise<string> {
  try {
    return (await request<{ ticket: string }>("POST", "/api/call/ticket", { csrf })).ticket;
  } catch (error) {
    if (error instanceof Problem && (error.status === 401 || error.status === 403)) throw new Refused(error.code);
    throw error;
  }
}

export const pictureAddress = (kind: PaperKind): string => `/api/call/pictures/${kind}`;
