// The verdict bar. Confirm is off and says why until every gate is open; reject and unable are always on and ask for a
// reason. What is sent names the frame that is on the screen.

import { Alert, Button, Group, Image, Stack, Text } from "@mantine/core";
import { IconCamera, IconCheck, IconHelp, IconLock, IconPhoneEnd, IconX } from "@tabler/icons-react";
import type { Verdict } from "#client";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { pictureAddress } from "../common/api";
import { timeOfDay } from "../common/format";
import { answerSentence } from "../common/sentences";
import { useStore } from "../common/store";
import styles from "./CallScreen.module.css";
import { type Pressing, useCall, useConsole, usePress } from "./context";
import type { Draft } from "./draft";
import { barriers } from "./gates";
import { useKeys } from "./keys";
import { openOrSend, ReasonForm } from "./ReasonForm";
import { useFrameAge, useSoundOnly } from "./Stage";

type Asking = "reject" | "unable" | "end";
const FORM = "call-reason";
const VERDICT_OF: Record<"reject" | "unable", Verdict> = { reject: "rejected", unable: "unable_to_verify" };

export function Verdicts({ draft }: { draft: Draft }) {
  const { desk } = useConsole();
  const call = useCall();
  const pressing = usePress();
  const [asking, setAsking] = useState<Asking | null>(null);
  const live = call.state !== "ended";
  const decide = (verdict: Verdict, reason: string | null): void => {
    const { note, fraud } = draft;
    void pressing
      .press("verdict", { call: call.id, verdict, reason, fraud, note: note.trim() || null, frame: desk.frame() })
      .then((answer) => answer.code === "ok" && setAsking(null));
  };
  if (!live && !call.late_verdict) return <Decided />;
  return (
    <Stack gap="xs">
      <Refusal pressing={pressing} />
      {asking && <Asked asking={asking} pressing={pressing} decide={decide} cancel={() => setAsking(null)} />}
      <div className={styles["verdicts"]}>
        {live && <Confirm pressing={pressing} confirm={() => decide("confirmed", null)} />}
        <Opener kind="reject" asking={asking} open={setAsking} pressing={pressing} />
        <Opener kind="unable" asking={asking} open={setAsking} pressing={pressing} />
      </div>
      {live && <Barriers />}
      {live && <Others asking={asking} open={setAsking} pressing={pressing} />}
      {live && <Taken />}
    </Stack>
  );
}

function Decided() {
  const { t } = useTranslation();
  return (
    <Text size="sm" c="dimmed">
      {t("verdict.closed")}
    </Text>
  );
}

function useBarriers(): string[] {
  const { desk } = useConsole();
  const { status } = useStore(desk.connection.state);
  const { link } = useStore(desk.linked);
  return barriers({ call: useCall(), status, frameAge: useFrameAge(link), soundOnly: useSoundOnly(link) });
}

function Confirm({ pressing, confirm }: { pressing: Pressing; confirm: () => void }) {
  const { t } = useTranslation();
  const { state, verdict } = useCall();
  const off = useBarriers().length > 0;
  useKeys({
    "Ctrl+Enter": (event) => {
      event.preventDefault();
      if (!off && !pressing.busy) confirm();
    },
  });
  const waits = pressing.busy === "verdict" || (state === "deciding" && verdict === "confirmed");
  return (
    <Button
      data-testid="confirm"
      size="md"
      leftSection={off && !waits ? <IconLock size={16} /> : <IconCheck size={18} />}
      disabled={off || pressing.busy !== null}
      loading={waits}
      aria-describedby="confirm-waits"
      onClick={confirm}
    >
      {t("verdict.confirm")}
    </Button>
  );
}

function Barriers() {
  const { t } = useTranslation();
  const named = useBarriers();
  return (
    // Two lines are kept free, so that no button moves under a finger when a gate opens.
    <Text id="confirm-waits" size="xs" c="dimmed" aria-live="polite" mih="3.2em" lh={1.5}>
      {named.length > 0 && (
        <>
          <IconLock size={11} style={{ verticalAlign: -1, marginRight: 4 }} aria-hidden />
          {t("verdict.waits_for", { what: named.map((gate) => t([`gate.${gate}`, "gate.other"], { gate })).join("; ") })}
        </>
      )}
    </Text>
  );
}

interface OpenerProps {
  kind: "reject" | "unable";
  asking: Asking | null;
  open: (kind: Asking) => void;
  pressing: Pressing;
}

function Opener({ kind, asking, open, pressing }: OpenerProps) {
  const { t } = useTranslation();
  const { state, verdict } = useCall();
  const waits = state === "deciding" && verdict === VERDICT_OF[kind];
  const off = state === "deciding" || pressing.busy !== null;
  const act = (): void => openOrSend(FORM, asking === kind, () => open(kind));
  useKeys({
    [kind === "reject" ? "r" : "u"]: (event) => {
      event.preventDefault();
      if (!off) open(kind);
    },
  });
  return (
    <Button
      data-testid={kind}
      px="xs"
      color={kind === "reject" ? "red" : "orange"}
      variant={asking === kind ? "filled" : "light"}
      leftSection={kind === "reject" ? <IconX size={16} /> : <IconHelp size={16} />}
      aria-expanded={asking === kind}
      disabled={off}
      loading={waits}
      onClick={act}
    >
      {t(`verdict.${kind}`)}
    </Button>
  );
}

interface AskedProps {
  asking: Asking;
  pressing: Pressing;
  decide: (verdict: Verdict, reason: string) => void;
  cancel: () => void;
}

function Asked({ asking, pressing, decide, cancel }: AskedProps) {
  const { t } = useTranslation();
  const { codes } = useConsole();
  const call = useCall();
  useKeys({ Escape: cancel });
  const send = (reason: string): void => {
    if (asking !== "end") return decide(VERDICT_OF[asking], reason);
    void pressing.press("call.end", { call: call.id, reason }).then((answer) => answer.code === "ok" && cancel());
  };
  return (
    <ReasonForm
      key={asking}
      id={FORM}
      label={t(`verdict.why_${asking}`)}
      send={t(`verdict.send_${asking}`)}
      color={asking === "unable" ? "orange" : "red"}
      codes={codes[asking]}
      busy={pressing.busy !== null}
      onSend={send}
      onCancel={cancel}
    />
  );
}

function Others({ asking, open, pressing }: Omit<OpenerProps, "kind">) {
  const { t } = useTranslation();
  const { desk } = useConsole();
  const call = useCall();
  const taking = usePress();
  const off = call.state === "deciding" || pressing.busy !== null;
  const take = (): void => {
    const frame = desk.frame();
    if (frame && !off) void taking.press("picture.take", { call: call.id, frame });
  };
  useKeys({ p: take, e: () => void (off || open("end")) });
  return (
    <>
      <Group grow gap="xs">
        <Button
          data-testid="take-picture"
          size="xs"
          variant="default"
          leftSection={<IconCamera size={14} />}
          disabled={off || call.state !== "active"}
          loading={taking.busy !== null}
          onClick={take}
        >
          {t("verdict.take_picture")}
        </Button>
        <Button
          data-testid="end-call"
          size="xs"
          variant="default"
          leftSection={<IconPhoneEnd size={14} />}
          disabled={off}
          aria-expanded={asking === "end"}
          title={t("verdict.end_hint")}
          onClick={() => openOrSend(FORM, asking === "end", () => open("end"))}
        >
          {t("verdict.end")}
        </Button>
      </Group>
      {taking.refused && (
        <Text size="xs" c="orange" role="alert">
          {answerSentence(t, taking.refused)}
        </Text>
      )}
    </>
  );
}

// The pictures taken on the way, as small as can be: they are looked at when the call is over.
function Taken() {
  const { t, i18n } = useTranslation();
  const { kept, verification } = useCall();
  const latest = kept.at(-1);
  if (!latest) return null;
  return (
    <Group gap={6} wrap="nowrap" role="status" data-testid="taken">
      <Text size="xs" style={{ whiteSpace: "nowrap" }} className="figures">
        {t("kept.extra", { time: timeOfDay(latest.at, i18n.language) })}
      </Text>
      {kept.slice(-4).map((picture) => (
        <Image
          key={picture.key}
          src={pictureAddress(verification, picture.key)}
          h={27}
          w={36}
          fit="cover"
          radius={2}
          alt={`${t(`picture.${picture.kind}`)} ${timeOfDay(picture.at, i18n.language)}`}
        />
      ))}
    </Group>
  );
}

// Why the last verdict does not stand: what the press was answered, or what happened to its picture afterwards.
function Refusal({ pressing }: { pressing: Pressing }) {
  const { t } = useTranslation();
  const { view } = useConsole();
  const told = pressing.refused ?? (view.refusal ? { code: view.refusal, detail: "" } : null);
  if (!told || pressing.busy) return null;
  return (
    <Alert color="orange" py={8} role="alert">
      {answerSentence(t, told)}
    </Alert>
  );
}
