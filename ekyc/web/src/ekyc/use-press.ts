// The press on [Call]: names what is missing, signs the dealer in, sends the pictures that waited for that, opens the call.

import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { getConfig, openCall, PAPER_KINDS, signDealerIn, type Config, type Dealer, type Opened, type PaperKind } from "../api/ekyc";
import { Problem } from "../common/problem";
import { missing, requestOf, type Missing, type Values } from "../details/form";
import { takenPapers, type PaperTray } from "../papers/tray";
import type { Account } from "./dealer-panel";

export interface Form {
  readonly values: Values;
  readonly consent: boolean;
  readonly account: Account;
  /** The account was taken: its password stays in this page no longer. */
  readonly forget: () => void;
  readonly tray: PaperTray;
}

export interface Press {
  /** What the press waits for; [Call] is off meanwhile. */
  readonly waitsFor: "signing_in" | "pictures" | "opening" | null;
  readonly missing: readonly Missing[];
  /** How often [Call] has asked for the dealer's account in vain; 0 while it is not asked for. */
  readonly asksDealer: number;
  readonly problem: Problem | null;
}

/** What only the page of their own account can settle. */
export const ON_ACCOUNT_PAGE: ReadonlySet<string> = new Set(["password_must_change", "second_factor_needed", "second_factor_missing"]);

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
    show({ waitsFor: "signing_in", missing: [] });
    const config = await queries.ensureQueryData(CONFIG);
    const dealer = await known(config);
    if (!dealer) return ask();
    show({ waitsFor: "pictures", asksDealer: 0 });
    form.tray.admit(dealer.csrf);
    await form.tray.settled();
    const failed = missing(form.values, takenPapers(form.tray.state.get()), form.consent);
    if (failed.length) return show({ missing: failed });
    show({ waitsFor: "opening" });
    await opened(await open(form, config, dealer.csrf));
  };

  /** Who is signed in, now or by what was typed; null where nobody is and nothing was typed. */
  const known = async (config: Config): Promise<Dealer | null> => {
    const { dealer, dealer_password: password } = form.account;
    if (!dealer || !password) return dealer ? null : config.dealer;
    const signedIn = await signDealerIn(dealer, password);
    queries.setQueryData(CONFIG.queryKey, { ...config, dealer: signedIn });
    form.forget();
    return signedIn;
  };

  const refused = (error: unknown): void => {
    const problem = error instanceof Problem ? error : new Problem(0, "our_fault");
    const asksAgain = problem.code === "dealer_needed" || problem.code === "wrong_password";
    // They come back signed in, with another password than the one typed here.
    if (ON_ACCOUNT_PAGE.has(problem.code)) form.forget();
    // Whoever was signed in may not be any more.
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

async function open({ values, tray }: Form, config: Config, csrf: string): Promise<Opened> {
  const body = requestOf(values, config.consent.version);
  const send = async (): Promise<Opened> => openCall(await tray.draft(), body, csrf);
  try {
    return await send();
  } catch (error) {
    // The form lay for more than an hour.
    if (!(error instanceof Problem) || error.status !== 404) throw error;
    await tray.renew();
    return send();
  }
}
