// /call: the customer alone. Consent and [Call], then the call; or the sentence why there can be none.

import { Button, Loader, Paper, Stack, Text, Title } from "@mantine/core";
import { IconVideo } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";

import { getCallPage, type CallPage } from "../api/call";
import { Again } from "../call/again";
import { CallScreen } from "../call/call-screen";
import { OpeningHours } from "../call/opening-hours";
import { ResultFacts } from "../call/result-facts";
import { useCalling } from "../call/use-calling";
import { Consent } from "../common/consent";
import { Notice } from "../common/notice";
import { TopBar } from "../common/page";
import { Problem, sentenceOfError } from "../common/problem";
import { enter } from "./join";
import { hasLeft, Leave } from "./leave";
import { obstacleOf } from "./obstacle";
import classes from "./call-page.module.css";

/** How often a page that is in no call asks whether it may still show what it shows. */
const ASK_AGAIN_MS = 60_000;

export function CallPageView({ token }: { readonly token: string | null }) {
  const { data: page, error, refetch, isFetching } = useQuery({
    queryKey: ["call-page"],
    // The token is good once; after the first answer the cookie speaks.
    queryFn: ({ client }) => (client.getQueryData(["call-page"]) ? getCallPage() : enter(token)),
  });
  const { calling, begin } = useCalling(page);
  useEffect(() => {
    if (calling) return;
    const timer = setInterval(() => void refetch(), ASK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [calling, refetch]);
  const isShut = page !== undefined && error !== null && isFinal(error) && !calling;
  useEffect(() => {
    // Another link was given, or its time is up: loaded anew the page holds nothing of what it showed.
    if (isShut) location.reload();
  }, [isShut]);
  const ended = useCallback(() => void refetch(), [refetch]);
  return (
    <>
      <TopBar page="call" title={page?.customer?.full_name} subtitle={page?.customer?.msisdn} />
      {!page || isShut ? (
        <Entering error={error} again={() => void refetch()} />
      ) : calling ? (
        <CallScreen
          key={calling.run}
          page={page}
          intent={calling.intent}
          ended={ended}
          after={
            <>
              <Again canCall={isFetching ? undefined : page.can_call} again={begin} />
              <Leave csrf={page.csrf} />
            </>
          }
        />
      ) : (
        <Before page={page} call={begin} />
      )}
    </>
  );
}

function Entering({ error, again }: { readonly error: Error | null; readonly again: () => void }) {
  const { t } = useTranslation();
  const [left] = useState(hasLeft);
  if (left && error && isFinal(error)) {
    return (
      <Stack component="main" className={classes.page}>
        <Notice tone="good" title={t("leave.done.title")} role="status">
          {t("leave.done.what")}
        </Notice>
      </Stack>
    );
  }
  if (!error) {
    return (
      <Stack component="main" className={classes.page} align="center" role="status">
        <Loader />
        <Text>{t("join.entering")}</Text>
      </Stack>
    );
  }
  return (
    <Stack component="main" className={classes.page}>
      <Notice tone="attention" title={t("join.no_entry")} role="alert">
        {sentenceOfError(t, error)}
      </Notice>
      {!isFinal(error) && (
        <Button variant="default" onClick={again}>
          {t("media.try_again")}
        </Button>
      )}
    </Stack>
  );
}

/** The link or its cookie is over: no second try mends that. */
function isFinal(error: Error): boolean {
  return error instanceof Problem && error.status === 401;
}

function Before({ page, call }: { readonly page: CallPage; readonly call: () => void }) {
  const { t } = useTranslation();
  const [given, setGiven] = useState(page.consented);
  const [pressed, setPressed] = useState(false);
  const obstacle = obstacleOf(page);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setPressed(true);
    if (given) call();
    else document.getElementById("consent")?.focus();
  };
  if (obstacle) {
    return (
      <Stack component="main" className={classes.page}>
        <Notice tone={obstacle === "confirmed" ? "good" : "attention"} title={t(`join.${obstacle}.title`)} role="alert">
          {t(`join.${obstacle}.what`)}
        </Notice>
        {page.result && <ResultFacts result={page.result} />}
        <Leave csrf={page.csrf} />
      </Stack>
    );
  }
  return (
    <main className={classes.page}>
      <Standing page={page} />
      <Paper withBorder p="md">
        <form onSubmit={submit} noValidate>
          <Stack>
            <Title order={2} size="h4">
              {t("join.title")}
            </Title>
            <Text>{t("join.what")}</Text>
            <Consent by="customer" consent={page.consent} given={given} marked={pressed} change={setGiven} />
            <Button type="submit" size="xl" data-testid="call" leftSection={<IconVideo aria-hidden />}>
              {t("press.call")}
            </Button>
          </Stack>
        </form>
      </Paper>
      <Leave csrf={page.csrf} />
    </main>
  );
}

/** What to know before the call: the team is closed, or how the last call ended. */
function Standing({ page: { opening, last_outcome: last, result } }: { readonly page: CallPage }) {
  const { t } = useTranslation();
  if (opening.opens_at !== null) {
    return (
      <Notice tone="attention" title={t("outcome.closed.title")}>
        <OpeningHours opening={opening} />
      </Notice>
    );
  }
  // It was closed then and is open now.
  if (last === null || last === "closed") return null;
  return (
    <>
      <Notice tone="attention" title={t(`outcome.${result?.outcome ?? last}.title`)}>
        {t(`outcome.${result?.outcome ?? last}.next`)}
      </Notice>
      {result && <ResultFacts result={result} />}
    </>
  );
}
