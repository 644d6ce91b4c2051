// /call: the customer alone. Consent and [Call], then the call; or the sentence why there can be none.

import { Button, Loader, Paper, Stack, Text, Title } from "@mantine/core";
import { IconVideo } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useCallback, useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";

import { getCallPage, type CallPage } from "../api/call";
import { Again } from "../call/again";
import { CallScreen } from "../call/call-screen";
import { useCalling } from "../call/use-calling";
import { Consent } from "../common/consent";
import { Notice } from "../common/notice";
import { TopBar } from "../common/page";
import { sentenceOfError } from "../common/problem";
import { enter } from "./join";
import classes from "./call-page.module.css";

export function CallPageView({ token }: { readonly token: string | null }) {
  const { t } = useTranslation();
  const { data: page, error, refetch, isFetching } = useQuery({
    queryKey: ["call-page"],
    // The token is good once; after the first answer the cookie speaks.
    queryFn: ({ client }) => (client.getQueryData(["call-page"]) ? getCallPage() : enter(token)),
  });
  const { calling, begin } = useCalling(page);
  const ended = useCallback(() => void refetch(), [refetch]);
  return (
    <>
      <TopBar title={page ? t("page.calling_for", { name: page.customer.full_name, msisdn: page.customer.msisdn }) : t("page.call")} />
      {!page ? (
        <Entering error={error} again={() => void refetch()} />
      ) : calling ? (
        <CallScreen
          key={calling.run}
          page={page}
          intent={calling.intent}
          ended={ended}
          after={<Again canCall={isFetching ? undefined : page.can_call} again={begin} />}
        />
      ) : (
        <Before page={page} call={begin} />
      )}
    </>
  );
}

function Entering({ error, again }: { readonly error: Error | null; readonly again: () => void }) {
  const { t } = useTranslation();
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
      <Button variant="default" onClick={again}>
        {t("media.try_again")}
      </Button>
    </Stack>
  );
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
      </Stack>
    );
  }
  return (
    <main className={classes.page}>
      <Paper withBorder p="md">
        <form onSubmit={submit} noValidate>
          <Stack>
            <Title order={2} size="h4">
              {t("join.title")}
            </Title>
            <Text>{t("join.what")}</Text>
            <Consent consent={page.consent} given={given} marked={pressed} change={setGiven} />
            <Button type="submit" size="xl" data-testid="call" leftSection={<IconVideo aria-hidden />}>
              {t("press.call")}
            </Button>
          </Stack>
        </form>
      </Paper>
    </main>
  );
}

/** Why there can be no call from this page; null where there can. */
export function obstacleOf({ decision, state, can_call }: Pick<CallPage, "decision" | "state" | "can_call">) {
  if (decision === "not_possible") return "not_possible";
  if (state === "confirmed" || state === "expired") return state;
  return can_call ? null : "stopped";
}
