// The staff's HTTP API (docs/http.md): one typed function per request; errors come as `Problem` with a stable code.

import { Refused } from "#client";

import type { CallExplanation, CallRecordings, Case, Codes, Dossier, Me, OwnCalls, Recording, Review, Search, SignPage, VerificationPage } from "./types";

/** A refused request. `code` is what pages translate; `status` 0 means that the server was not reached. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
  ) {
    super(detail);
  }
}

let csrf = "";

/** A request of ours with the session's token; throws `Problem` unless it was granted. */
export async function ask(method: string, path: string, token: string, body?: unknown): Promise<Response> {
  const headers: Record<string, string> = {};
  if (method !== "GET") headers["X-Vouch-CSRF"] = token;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const init: RequestInit = { method, headers, credentials: "same-origin" };
  if (body !== undefined) init.body = JSON.stringify(body);
  const response = await fetch(path, init).catch(() => {
    throw new Problem(0, "server_unreachable", "");
  });
  if (!response.ok) throw await problemOf(response);
  return response;
}

const send = (method: string, path: string, body?: unknown): Promise<Response> => ask(method, `/api/console/${path}`, csrf, body);

async function problemOf(response: Response): Promise<Problem> {
  const told = (await response.json().catch(() => ({}))) as { code?: string; detail?: string };
  return new Problem(response.status, told.code ?? "our_fault", told.detail ?? "");
}

async function known(response: Response): Promise<Me> {
  const me = (await response.json()) as Me;
  csrf = me.csrf;
  return me;
}

/** Who is signed in; null where nobody is. */
export async function currentMember(): Promise<Me | null> {
  try {
    return await known(await send("GET", "session"));
  } catch (problem) {
    if (problem instanceof Problem && problem.status === 401) return null;
    throw problem;
  }
}

export async function signIn(username: string, password: string): Promise<Me> {
  return known(await send("POST", "session", { username, password }));
}

export async function signOut(): Promise<void> {
  await send("DELETE", "session");
}

/** A ticket for a socket's handshake, good for a minute; a session that is over is final. */
export async function ticket(): Promise<string> {
  try {
    return ((await (await send("POST", "ticket")).json()) as { ticket: string }).ticket;
  } catch (problem) {
    if (problem instanceof Problem && (problem.status === 401 || problem.status === 403)) throw new Refused();
    throw problem;
  }
}

export async function codes(): Promise<Codes> {
  return (await (await send("GET", "codes")).json()) as Codes;
}

export async function dossier(call: string): Promise<Dossier> {
  return (await (await send("GET", `calls/${encodeURIComponent(call)}`)).json()) as Dossier;
}

export async function ownCalls(cursor: string | null): Promise<OwnCalls> {
  return (await (await send("GET", `calls?${query({ day: "today", cursor })}`)).json()) as OwnCalls;
}

export async function searchVerifications(search: Search, cursor: string | null): Promise<VerificationPage> {
  return (await (await send("GET", `verifications?${query({ ...search, cursor })}`)).json()) as VerificationPage;
}

export async function signs(cursor: string | null): Promise<SignPage> {
  return (await (await send("GET", `signs?${query({ cursor })}`)).json()) as SignPage;
}

export async function verification(id: string): Promise<Case> {
  return (await (await send("GET", `verifications/${encodeURIComponent(id)}`)).json()) as Case;
}

/** Why a call reached whom it reached; stepped again on the server, which may take seconds. */
export async function explanation(call: string): Promise<CallExplanation> {
  return (await (await send("GET", `calls/${encodeURIComponent(call)}/explanation`)).json()) as CallExplanation;
}

/** What was recorded of a call. */
export async function recordings(call: string): Promise<CallRecordings> {
  return (await (await send("GET", `calls/${encodeURIComponent(call)}/recordings`)).json()) as CallRecordings;
}

/** Where a recording is read: as a player needs it, or `original`, as it was stored. */
export function recordingAddress(call: string, { leg, media }: Pick<Recording, "leg" | "media">, original = false): string {
  const path = `/api/console/calls/${encodeURIComponent(call)}/recordings/${leg}/${media}`;
  return original ? `${path}?original=1` : path;
}

export async function sendReview(id: string, mark: Review["mark"], note: string): Promise<Review> {
  return (await (await send("POST", `verifications/${encodeURIComponent(id)}/review`, { mark, note })).json()) as Review;
}

/** Where a picture is read; `clean` asks for the unstamped one. */
export function pictureAddress(id: string, key: string, clean = false): string {
  const path = `/api/console/verifications/${encodeURIComponent(id)}/pictures/${encodeURIComponent(key)}`;
  return clean ? `${path}?clean=1` : path;
}

function query(values: Record<string, string | number | null | undefined>): string {
  const given = Object.entries(values).filter(([, value]) => value !== null && value !== undefined && value !== "");
  return new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
}
