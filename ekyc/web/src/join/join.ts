// How a customer's page gets in: by the token of its address, once, and by the cookie from then on.

import { getCallPage, joinByToken, type CallPage } from "../api/call";
import { Problem } from "../common/problem";

/** The join token, taken out of the address so that it stays in no history and no screenshot. */
export function takeJoinToken(): string | null {
  const token = location.hash.slice(1);
  if (token) history.replaceState(history.state, "", location.pathname + location.search);
  return token || null;
}

/** Lets the page in. A link that was used is good as long as the cookie that it bought. */
export async function enter(token: string | null): Promise<CallPage> {
  if (token === null) return getCallPage();
  try {
    return await joinByToken(token);
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== "join_token_invalid") throw error;
    return getCallPage().catch(() => {
      throw error;
    });
  }
}
