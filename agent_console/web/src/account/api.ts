// The HTTP API of somebody's own account (docs/http.md), for staff and dealers alike.

import { ask, Problem } from "../common/api";
import type { Pending } from "../common/types";

/** Which page's session speaks: those of staff and dealers lie side by side in one browser. */
export type Kind = "staff" | "dealer";

export interface Factor {
  id: string;
  kind: "totp" | "passkey";
  name: string;
  created_at: number;
  used_at: number | null;
}

export interface Own {
  id: string;
  username: string;
  full_name: string;
  role: string;
  company: string | null;
  csrf: string;
  pending: Pending | null;
  factors: Factor[];
  recovery_codes: number;
  second_factor_required: boolean;
  passkeys_available: boolean;
}

export interface Enrolled {
  account: Own;
  recovery_codes: string[];
}

export interface AppSecret {
  secret: string;
  address: string;
  picture: string;
}

export interface Seen {
  id: string;
  this: boolean;
  kind: string;
  browser: string | null;
  network: string | null;
  created_at: number;
  seen_at: number;
}

const tokens: Record<Kind, string> = { staff: "", dealer: "" };

async function send<Answer>(kind: Kind, method: string, path: string, body?: unknown): Promise<Answer> {
  const response = await ask(method, `/api/account/${kind}${path}`, tokens[kind], body);
  return (response.status === 204 ? undefined : await response.json()) as Answer;
}

function known(kind: Kind, own: Own): Own {
  tokens[kind] = own.csrf;
  return own;
}

/** Whose account this is; null where nobody is signed in. */
export async function ownAccount(kind: Kind): Promise<Own | null> {
  try {
    return known(kind, await send<Own>(kind, "GET", ""));
  } catch (problem) {
    if (problem instanceof Problem && problem.status === 401) return null;
    throw problem;
  }
}

export async function signIn(kind: Kind, username: string, password: string): Promise<Own> {
  return known(kind, await send<Own>(kind, "POST", "/session", { username, password }));
}

export const signOut = (kind: Kind): Promise<void> => send(kind, "DELETE", "/session");

export async function changePassword(kind: Kind, current: string, chosen: string): Promise<Own> {
  return known(kind, await send<Own>(kind, "POST", "/password", { current, new: chosen }));
}

export async function sessions(kind: Kind): Promise<Seen[]> {
  return (await send<{ sessions: Seen[] }>(kind, "GET", "/sessions")).sessions;
}

export const endSession = (kind: Kind, id: string): Promise<void> => send(kind, "DELETE", `/sessions/${encodeURIComponent(id)}`);

/** Everywhere, here too. */
export const endSessions = (kind: Kind): Promise<void> => send(kind, "DELETE", "/sessions");

/** The second step with a code of an app or on paper. */
export async function showCode(kind: Kind, form: { code: string } | { recovery_code: string }): Promise<Own> {
  return known(kind, await send<Own>(kind, "POST", "/second-step", form));
}

/** The second step with a passkey. */
export async function showPasskey(kind: Kind): Promise<Own> {
  const asked = await send<PublicKeyCredentialRequestOptionsJSON>(kind, "POST", "/second-step/passkey");
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(asked);
  const passkey = await signedWith(navigator.credentials.get({ publicKey }));
  return known(kind, await send<Own>(kind, "POST", "/second-step", { passkey }));
}

/** What an authenticator app needs; `password` is not looked at in a first set-up. */
export const beginApp = (kind: Kind, password: string): Promise<AppSecret> => send(kind, "POST", "/app", { password });

export async function confirmApp(kind: Kind, code: string, name: string): Promise<Enrolled> {
  return enrolled(kind, await send<Enrolled>(kind, "POST", "/app/code", { code, name }));
}

export async function addPasskey(kind: Kind, password: string, name: string): Promise<Enrolled> {
  const asked = await send<PublicKeyCredentialCreationOptionsJSON>(kind, "POST", "/passkey", { password });
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(asked);
  const credential = await signedWith(navigator.credentials.create({ publicKey }));
  return enrolled(kind, await send<Enrolled>(kind, "POST", "/passkey/credential", { credential, name }));
}

export async function removeFactor(kind: Kind, id: string, password: string): Promise<Own> {
  return known(kind, await send<Own>(kind, "POST", `/factors/${encodeURIComponent(id)}/removal`, { password }));
}

export async function drawRecoveryCodes(kind: Kind, password: string): Promise<string[]> {
  return (await send<{ recovery_codes: string[] }>(kind, "POST", "/recovery-codes", { password })).recovery_codes;
}

/** Whether this browser has what passkeys need. */
export function browserHasPasskeys(): boolean {
  return typeof PublicKeyCredential !== "undefined" && "parseCreationOptionsFromJSON" in PublicKeyCredential;
}

function enrolled(kind: Kind, made: Enrolled): Enrolled {
  known(kind, made.account);
  return made;
}

/** The browser asks its owner; whoever declines, or has no such passkey, is told so. */
async function signedWith(asking: Promise<Credential | null>): Promise<unknown> {
  const credential = await asking.catch(() => {
    throw new Problem(0, "passkey_cancelled", "");
  });
  if (!(credential instanceof PublicKeyCredential)) throw new Problem(0, "passkey_cancelled", "");
  return credential.toJSON();
}
