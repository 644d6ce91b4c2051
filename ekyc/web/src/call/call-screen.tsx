// The call screen of both pages: state, the agent large, oneself small, the papers in sight.

import { Button, Stack, Text, VisuallyHidden } from "@mantine/core";
import { IconWindowMaximize } from "@tabler/icons-react";
import type { Outcome } from "#client";
import { useEffect, useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";

import type { CallPage, CallResult, Opening } from "../api/call";
import { Dialog } from "../common/dialog";
import { Notice } from "../common/notice";
import { sentenceOf } from "../common/problem";
import { useStore } from "../common/store";
import { useUnsaved } from "../common/use-unsaved";
import classes from "./call-screen.module.css";
import type { CallSession, Intent } from "./call-session";
import { Controls } from "./controls";
import { MediaNotices } from "./media-notices";
import { Result } from "./result";
import { Stage } from "./stage";
import { shownState, stateLine } from "./state-line";
import { Thumbnails } from "./thumbnails";
import { useBackGuard } from "./use-back-guard";
import { useCallSession, useSecondsOf, useTick } from "./use-call-session";

export interface CallScreenProps {
  readonly page: CallPage;
  readonly intent: Intent;
  /** The call is over, however: what may follow is in a fresh CallPage. */
  readonly ended: () => void;
  /** What may be done after the call. */
  readonly after: ReactNode;
}

export function CallScreen(props: CallScreenProps) {
  const session = useCallSession(props.page, props.intent);
  return session && <Running {...props} session={session} />;
}

function Running({ page, session, ended, after }: CallScreenProps & { readonly session: CallSession }) {
  const { t } = useTranslation();
  useTick();
  const { call, status, refusal, gone, hangingUp } = useStore(session.state);
  const media = useStore(session.media.state);
  const link = useStore(session.link.state);
  const [left, setLeft] = useState(false);
  const [asks, setAsks] = useState(false);
  const cutOff = useSecondsOf(status === "down" && call !== null && call.state !== "ended");
  const isOver = call?.state === "ended" || refusal !== null || gone || left || status === "refused";
  const isLive = !isOver && status !== "replaced";
  useUnsaved(isLive);
  useBackGuard(isLive, () => setAsks(true));
  useEffect(() => {
    if (isOver) ended();
  }, [isOver, ended]);

  const line = stateLine({ media: media.phase, link: link.phase, status, call, now: session.connection.serverNow(), cutOff });
  const leave = (): void => {
    if (call) return void session.hangUp().then((taken) => setAsks(!taken));
    session.close();
    setLeft(true);
  };
  // The page as it was before this call may tell of an earlier one.
  const result = page.result && (!call || page.result.reference === call.number) ? page.result : null;
  const outcome = call?.outcome ?? (gone ? page.last_outcome : null);
  return (
    <main className={classes.screen} data-testid="call-state" data-state={shownState(call, cutOff, link.phase)} data-outcome={call?.outcome ?? undefined}>
      <VisuallyHidden role="status">{isOver ? "" : t(line.key, { ...line.values, seconds: "", time: "" })}</VisuallyHidden>
      {isOver ? (
        <Over
          outcome={outcome}
          result={result}
          opening={{ ...page.opening, opens_at: call?.opens_at ?? page.opening.opens_at }}
          refusal={refusal ?? (status === "refused" ? { code: "not_signed_in", detail: "" } : null)}
        >
          {after}
        </Over>
      ) : status === "replaced" ? (
        <Replaced session={session} />
      ) : (
        <>
          <Text className={classes.line} data-tone={tone(line.key)}>
            <span data-testid={call?.state === "waiting" ? "queue-position" : undefined}>{t(line.key, { ...line.values })}</span>
          </Text>
          <Stage session={session} media={media} link={link} agentIsLost={call?.lost.some(({ leg }) => leg === "agent") ?? false} />
          <div className={classes.side}>
            <MediaNotices session={session} media={media} link={link} />
            <Thumbnails kinds={page.pictures} />
          </div>
          <Controls media={media} session={session} leave={() => setAsks(true)} hangingUp={hangingUp} isDecided={call?.state === "deciding"} />
        </>
      )}
      <Dialog opened={asks && isLive} onClose={() => setAsks(false)} title={t("hang_up.title")} zIndex={400}>
        <Stack>
          <Text>{t(call ? "hang_up.in_call" : "hang_up.before_call")}</Text>
          <Button color="red.9" disabled={hangingUp} onClick={leave}>
            {t(hangingUp ? "hang_up.doing" : "hang_up.yes")}
          </Button>
          <Button variant="default" onClick={() => setAsks(false)} data-autofocus>
            {t("hang_up.no")}
          </Button>
        </Stack>
      </Dialog>
    </main>
  );
}

interface OverProps {
  readonly outcome: Outcome | null;
  readonly result: CallResult | null;
  readonly opening: Opening;
  readonly refusal: { readonly code: string; readonly detail: string } | null;
  readonly children: ReactNode;
}

function Over({ outcome, result, opening, refusal, children }: OverProps) {
  const { t } = useTranslation();
  if (!refusal) {
    return (
      <Result outcome={outcome} result={result} opening={opening}>
        {children}
      </Result>
    );
  }
  return (
    <Stack className={classes.middle} role="alert">
      <Notice tone="attention" title={t("call.not_taken")}>
        {sentenceOf(t, refusal.code, refusal.detail)}
      </Notice>
      {children}
    </Stack>
  );
}

function Replaced({ session }: { readonly session: CallSession }) {
  const { t } = useTranslation();
  return (
    <Stack className={classes.middle}>
      <Notice tone="info" icon={<IconWindowMaximize />} title={t("replaced.title")} role="alert">
        {t("replaced.what")}
      </Notice>
      <Button onClick={() => session.useHere()}>{t("replaced.use_here")}</Button>
    </Stack>
  );
}

function tone(key: string): "calm" | "good" | "trouble" {
  if (key === "state.active" || key === "state.accepted") return "good";
  return key.includes("lost") || key.includes("cut_off") || key.includes("failed") ? "trouble" : "calm";
}
