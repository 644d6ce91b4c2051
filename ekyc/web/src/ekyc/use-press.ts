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
  readonly asksDealer: boolean;
  readonly problem: Problem | null;
}

const NOTHING: Press = { waitsFor: null, missing: [], asksDealer: false, problem: null };
const CONFIG = { queryKey: ["config"], queryFn: getConfig };

export function usePress(form: Form, opened: (opened: Opened) => void) {
  const queries = useQueryClient();
  const [press, setPress] = useState<Press>(NOTHING);
  const show = (change: Partial<Press>): void => setPress((before) => ({ ...before, waitsFor: null, problem: null, ...change }));

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
    if (!known && (!config.dealer || form.account.dealer)) return show({ asksDealer: true });
    opened(await open(form, config));
    show({ asksDealer: false });
  };

  const refused = (error: unknown): void => {
    const problem = error instanceof Problem ? error : new Problem(0, "our_fault");
    const asksAgain = problem.code === "dealer_needed" || problem.code === "wrong_password";
    // The password may have been taken although the call was not opened: then the dealer is signed in by now.
    void queries.invalidateQueries({ queryKey: CONFIG.queryKey });
    setPress((before) => ({ ...before, waitsFor: null, problem, asksDealer: before.asksDealer || asksAgain }));
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
