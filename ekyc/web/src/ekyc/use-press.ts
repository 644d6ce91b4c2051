// The press on [Call]: names what is missing, asks for the dealer's account, waits for the pictures, opens the call.

import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { getConfig, openCall, PAPER_KINDS, type Config, type Opened, type PaperKind } from "../api/ekyc";
import { Problem } from "../common/problem";
import { missing, requestOf, type Missing, type Values } from "../details/form";
import { keptPapers, type PaperTray } from "../papers/tray";
import type { Account } from "./dealer-panel";

export interface Form {
  readonly values: Values;
  readonly consent: boolean;
  readonly account: Account;
  readonly tray: PaperTray;
}

export interface Press {
  /** What the press waits for; [Call] is off meanwhile. */
  readonly waitsFor: "pictures" | "opening" | null;
  readonly missing: readonly Missing[];
  /** How often [Call] has asked for the dealer's account in vain; 0 while it is not asked for. */
  readonly asksDealer: number;
  readonly problem: Problem | null;
}

const NOTHING: Press = { waitsFor: null, missing: [], asksDealer: 0, problem: null };
const CONFIG = { queryKey: ["config"], queryFn: getConfig };

export function usePress(form: Form, opened: (opened: Opened) => Promise<void>) {
  const queries = useQueryClient();
  const [press, setPress] = useState<Press>(NOTHING);
  const show = (change: Partial<Press>): void => setPress((before) => ({ ...before, waitsFor: null, problem: null, ...change }));
  const ask = (): void => setPress((before) => ({ ...before, waitsFor: null, problem: null, asksDealer: before.asksDealer + 1 }));

  const run = async (): Promise<void> => {
    const lacking = missing(form.values, givenPapers(form.tray), form.consent);
    if (lacking.length) return show({ missing: lacking });
    show({ waitsFor: "pictures", missing: [] });
    await form.tray.settled();
    const failed = missing(form.values, keptPapers(form.tray.state.get()), form.consent);
    if (failed.length) return show({ missing: failed });
    show({ waitsFor: "opening" });
    const config = await queries.ensureQueryData(CONFIG);
    const known = form.account.dealer && form.account.dealer_password;
    if (!known && (!config.dealer || form.account.dealer)) return ask();
    await opened(await open(form, config));
    show({ asksDealer: 0 });
  };

  const refused = (error: unknown): void => {
    const problem = error instanceof Problem ? error : new Problem(0, "our_fault");
    const asksAgain = problem.code === "dealer_needed" || problem.code === "wrong_password";
    // The password may have been taken although the call was not opened: then the dealer is signed in by now.
    void queries.invalidateQueries({ queryKey: CONFIG.queryKey });
    setPress((before) => ({ ...before, waitsFor: null, problem, asksDealer: before.asksDealer + (asksAgain ? 1 : 0) }));
  };

  const start = (): void => {
    if (press.waitsFor === null) run().catch(refused);
  };
  return { press, start };
}

/** What has been taken, though it may still be on its way. */
function givenPapers(tray: PaperTray): ReadonlySet<PaperKind> {
  const papers = tray.state.get();
  return new Set(PAPER_KINDS.filter((kind) => papers[kind].phase !== "empty" && papers[kind].phase !== "failed"));
}

async function open({ values, account, tray }: Form, config: Config): Promise<Opened> {
  const { dealer, dealer_password } = account;
  const body = { ...requestOf(values, config.consent.version), ...(dealer && dealer_password ? { dealer, dealer_password } : {}) };
  const send = async (): Promise<Opened> => openCall(await tray.draft(), body, config.dealer?.csrf);
  try {
    return await send();
  } catch (error) {
    // The form lay for more than an hour.
    if (!(error instanceof Problem) || error.status !== 404) throw error;
    await tray.renew();
    return send();
  }
}
