// /ekyc: details, papers, check, call on one page; then the call.

import { Anchor, Button, Paper, Stack, Text, Title } from "@mantine/core";
import { IconRefresh, IconVideo } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useState, type FormEvent, type ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { getConfig, newDraft, putPicture } from "../api/ekyc";
import { Check } from "../check/check";
import { useCheck } from "../check/use-check";
import { Consent } from "../common/consent";
import { Notice } from "../common/notice";
import { sentenceOf, sentenceOfError, type Problem } from "../common/problem";
import { useStore } from "../common/store";
import { useUnsaved } from "../common/use-unsaved";
import { Details } from "../details/details";
import { EMPTY, filledFrom, missing, missingFields, neededPapers, typedOf, type FieldName, type Values } from "../details/form";
import { inspect } from "../papers/inspect";
import { Papers } from "../papers/papers";
import { shrink } from "../papers/shrink";
import { PaperTray, takenPapers } from "../papers/tray";
import { DealerPanel, SignedIn } from "./dealer-panel";
import classes from "./ekyc-page.module.css";
import { MissingList } from "./missing-list";
import { useNextSection } from "./use-next-section";
import { ON_ACCOUNT_PAGE, usePress } from "./use-press";

export function EkycForm({ opened }: { readonly opened: () => Promise<void> }) {
  const { t } = useTranslation();
  const { data: config, error, refetch, isFetching } = useQuery({ queryKey: ["config"], queryFn: getConfig });
  const queries = useQueryClient();
  const tray = useMemo(() => {
    const signedOut = (): void => void queries.invalidateQueries({ queryKey: ["config"] });
    return new PaperTray({ newDraft, put: putPicture, shrink, inspect, signedOut });
  }, [queries]);
  const csrf = config?.dealer?.csrf;
  const papers = useStore(tray.state);
  const [values, setValues] = useState(EMPTY);
  const [consent, setConsent] = useState(false);
  const [account, setAccount] = useState({ dealer: "", dealer_password: "" });
  const [pressed, setPressed] = useState<Values | null>(null);
  const forget = (): void => setAccount({ dealer: "", dealer_password: "" });
  const { press, start } = usePress({ values, consent, account, forget, tray }, opened);
  const { fields, phase } = useCheck(tray, papers, typedOf(values), csrf);
  const change = (name: FieldName, value: string): void => setValues((before) => ({ ...before, [name]: value }));

  useEffect(() => tray.admit(csrf ?? null), [tray, csrf]);
  useEffect(() => {
    if (fields) setValues((before) => ({ ...before, ...filledFrom(before, fields) }));
  }, [fields]);
  const kept = takenPapers(papers);
  const needed = neededPapers(values.id_type);
  // A mark goes away as soon as its reason does.
  const lacking = new Set<string>(missing(values, kept, consent));
  const stillMissing = press.missing.filter((name) => lacking.has(name));
  const marked = new Set([...stillMissing, ...wrongFields(press.problem, pressed, values)]);
  useUnsaved(kept.size > 0);
  useNextSection([missingFields(values).length === 0, needed.every((kind) => kept.has(kind))]);

  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setPressed(values);
    start();
  };
  const wrongPassword = press.problem?.code === "wrong_password" ? sentenceOf(t, "wrong_password") : null;
  return (
    <form className={classes.page} onSubmit={submit} noValidate>
      <Section number={1} name="details">
        <Details values={values} config={config} marked={marked} change={change} />
      </Section>
      <div className={classes.side}>
        <Section number={2} name="papers">
          <Papers tray={tray} needed={needed} files={config?.files} marked={marked} />
        </Section>
        <Section number={3} name="check">
          <Check fields={fields} phase={phase} change={change} />
        </Section>
      </div>
      <Section number={4} name="call">
        <div className={classes.inCall}>
          <Consent by="dealer" consent={config?.consent} given={consent} marked={marked.has("consent")} change={setConsent} />
          <div>
            {config?.dealer && !press.asksDealer && <SignedIn dealer={config.dealer} />}
            <DealerPanel
              account={account}
              shown={!config?.dealer || press.asksDealer > 0}
              asked={press.asksDealer}
              problem={wrongPassword}
              change={setAccount}
            />
          </div>
        </div>
      </Section>
      <div className={classes.bar}>
        <div className={classes.inBar}>
          <div aria-live="assertive">
            {error && (
              <Notice tone="trouble" role="alert">
                <Stack gap="sm" align="flex-start">
                  <Text size="sm">{sentenceOfError(t, error)}</Text>
                  <Button size="sm" leftSection={<IconRefresh size={18} />} disabled={isFetching} onClick={() => void refetch()}>
                    {t(isFetching ? "state.reaching_server" : "media.try_again")}
                  </Button>
                </Stack>
              </Notice>
            )}
            <MissingList missing={stillMissing} pressed={press.missing} />
            {press.problem && !wrongPassword && <Refused problem={press.problem} />}
          </div>
          <Button
            type="submit"
            fullWidth
            size="xl"
            data-testid="call"
            disabled={press.waitsFor !== null}
            leftSection={<IconVideo aria-hidden />}
          >
            {t(press.waitsFor ? `press.${press.waitsFor}` : press.asksDealer ? "press.call_as_dealer" : "press.call")}
          </Button>
        </div>
      </div>
    </form>
  );
}

/** What the server refused; what only the account's own page can settle leads there, and what was typed stays here. */
function Refused({ problem }: { readonly problem: Problem }) {
  const { t } = useTranslation();
  return (
    <Notice tone="trouble" role="alert">
      {sentenceOf(t, problem.code, problem.detail)}
      {ON_ACCOUNT_PAGE.has(problem.code) && (
        <>
          {" "}
          <Anchor href="/account?kind=dealer" target="_blank" underline="always" inherit>
            {t("problem_link.account")}
          </Anchor>
        </>
      )}
    </Notice>
  );
}

function Section({ number, name, children }: { readonly number: number; readonly name: string; readonly children: ReactNode }) {
  const { t } = useTranslation();
  return (
    <Paper withBorder component="section" className={classes.section} data-section={name} aria-labelledby={`section-${name}`}>
      <Stack gap="sm">
        <Title order={2} size="h4" id={`section-${name}`}>
          <span className={classes.number} aria-hidden>
            {number}
          </span>
          {t(`section.${name}`)}
        </Title>
        {children}
      </Stack>
    </Paper>
  );
}

/** The fields that the server refused and that hold what they held then. */
function wrongFields(problem: Problem | null, pressed: Values | null, values: Values): readonly string[] {
  const names = problem?.fields.map(({ field }) => field.split(".").at(-1) ?? "") ?? [];
  return names.filter((name) => pressed?.[name as FieldName] === values[name as FieldName]);
}
