// The right column: the script, the papers, the agent's own ticks and note, and the verdict, always in sight.

import { Checkbox, Group, Image, Paper, SegmentedControl, Stack, Text, Textarea } from "@mantine/core";
import { IconFlag, IconLock } from "@tabler/icons-react";
import type { Answer, Check } from "#client";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { pictureAddress } from "../common/api";
import { timeOfDay } from "../common/format";
import { answerSentence } from "../common/sentences";
import { Section } from "../common/SubjectDetails";
import type { Dossier, PictureKind } from "../common/types";
import { Zoomable } from "../common/Zoomable";
import styles from "./CallScreen.module.css";
import { useCall, useConsole } from "./context";
import type { Draft } from "./draft";
import { newest } from "./Faces";
import { asked } from "./gates";
import { useKeys } from "./keys";
import { Verdicts } from "./Verdicts";

interface Props {
  dossier: Dossier | undefined;
  draft: [Draft, (change: Partial<Draft>) => void];
}

export function Steps({ dossier, draft }: Props) {
  const { t } = useTranslation();
  const call = useCall();
  const open = call.state !== "ended";
  return (
    <div className={styles["column"]}>
      <Paper p="sm" className={styles["scroll"]} style={{ display: "flex", flexDirection: "column", gap: 10 }}>
        {open && <Script />}
        <Papers dossier={dossier} />
        {(open || call.late_verdict) && <Note draft={draft} />}
        {!open && call.kept.length > 0 && <KeptList />}
      </Paper>
      <Paper p="sm" component="section" aria-label={t("section.verdict")}>
        <Stack gap="xs">
          {open && <Checks />}
          <Verdicts draft={draft[0]} />
        </Stack>
      </Paper>
    </div>
  );
}

function Script() {
  const { t, i18n } = useTranslation();
  const { script } = useConsole().codes;
  const text = i18n.language === "en" ? script.en : script.vi;
  return (
    <Section title={t("section.script")}>
      <Text size="sm" style={{ borderLeft: "3px solid var(--mantine-color-teal-6)", paddingLeft: 10 }}>
        {text}
      </Text>
    </Section>
  );
}

const SHOWN: PictureKind[] = ["id_front", "id_back", "portrait"];

function Papers({ dossier }: { dossier: Dossier | undefined }) {
  const { t } = useTranslation();
  const [kind, setKind] = useState<PictureKind>("id_front");
  const picture = newest(dossier, kind);
  return (
    <Section title={t("section.papers")}>
      <Stack gap={6}>
        <SegmentedControl
          size="xs"
          fullWidth
          aria-label={t("section.papers")}
          value={kind}
          onChange={(value) => setKind(value as PictureKind)}
          data={SHOWN.map((value) => ({ value, label: t(`picture.${value}`) }))}
        />
        <div style={{ height: "clamp(120px, 16vh, 230px)" }}>
          <Zoomable key={kind} label={t(`picture.${kind}`)} bare>
            {dossier && picture ? (
              <img src={pictureAddress(dossier.verification, picture.key)} alt={t(`picture.${kind}`)} draggable={false} />
            ) : (
              <Text c="gray.4" ta="center" pt="xl" size="sm">
                {dossier ? t("picture.missing") : ""}
              </Text>
            )}
          </Zoomable>
        </div>
      </Stack>
    </Section>
  );
}

function KeptList() {
  const { t, i18n } = useTranslation();
  const { kept, verification } = useCall();
  return (
    <Section title={t("section.kept")}>
      <Group gap={8}>
        {kept.map((picture) => (
          <Stack key={picture.key} gap={2} align="center">
            <Image src={pictureAddress(verification, picture.key)} h={54} w={72} fit="cover" radius="sm" alt={t(`picture.${picture.kind}`)} />
            <Text size="xs">{t(`picture.${picture.kind}`)}</Text>
            <Text size="xs" c="dimmed" className="figures">
              {timeOfDay(picture.at, i18n.language)}
            </Text>
          </Stack>
        ))}
      </Group>
    </Section>
  );
}

function Note({ draft: [draft, change] }: Pick<Props, "draft">) {
  const { t } = useTranslation();
  const field = useRef<HTMLTextAreaElement>(null);
  useKeys({
    n: (event) => {
      event.preventDefault();
      field.current?.focus();
    },
  });
  return (
    <Section
      title={t("note.label")}
      aside={
        <Checkbox
          size="xs"
          name="fraud"
          color="red"
          checked={draft.fraud}
          onChange={(event) => change({ fraud: event.currentTarget.checked })}
          aria-description={t("fraud.description")}
          label={
            <Group gap={4}>
              <IconFlag size={13} aria-hidden />
              {t("fraud.label")}
            </Group>
          }
        />
      }
    >
      <Textarea
        ref={field}
        name="note"
        aria-label={t("note.label")}
        placeholder={t("note.placeholder")}
        autosize
        minRows={1}
        maxRows={4}
        maxLength={2000}
        value={draft.note}
        onChange={(event) => change({ note: event.currentTarget.value })}
        description={draft.fraud ? t("fraud.description") : undefined}
        inputWrapperOrder={["input", "description"]}
      />
    </Section>
  );
}

type Pending = Partial<Record<Check, boolean>>;

/** Pure: the presses that a view with these ticks does not show yet. */
export function stillPending(pending: Pending, ticked: readonly Check[]): Pending {
  return Object.fromEntries(Object.entries(pending).filter(([check, value]) => ticked.includes(check as Check) !== value));
}

function Checks() {
  const { t } = useTranslation();
  const call = useCall();
  const { desk } = useConsole();
  const [refused, setRefused] = useState<Answer | null>(null);
  const [pending, setPending] = useState<Pending>({});
  const checks = asked(call);
  const isTicked = (check: Check): boolean => pending[check] ?? call.checks.includes(check);
  // The view is the truth: once it says what was pressed, that tick is pending no more.
  useEffect(() => setPending((now) => stillPending(now, call.checks)), [call.checks.join()]);
  // Ticks do not wait for each other: the second is often pressed before the first is answered.
  const tick = async (check: Check, ticked: boolean): Promise<void> => {
    setPending((now) => ({ ...now, [check]: ticked }));
    setRefused(null);
    const answer = await desk.connection.press("check.set", { call: call.id, check, ticked });
    if (answer.code === "ok") return;
    setPending(({ [check]: _, ...rest }) => rest);
    setRefused(answer);
  };
  const toggle = (check: Check | undefined): void => void (check && tick(check, !isTicked(check)));
  useKeys({ 1: () => toggle(checks[0]), 2: () => toggle(checks[1]), 3: () => toggle(checks[2]) });
  return (
    <Stack gap={6}>
      {checks.map((check, index) => (
        <Checkbox
          key={check}
          name={`check_${check}`}
          checked={isTicked(check)}
          disabled={call.state === "deciding"}
          onChange={(event) => void tick(check, event.currentTarget.checked)}
          label={
            <Group gap={6} wrap="nowrap">
              {check === "recheck" && !isTicked(check) && <IconLock size={14} color="var(--mantine-color-orange-text)" aria-hidden />}
              <Text size="sm" fw={check === "recheck" ? 600 : undefined}>
                {t(`check.${check}`)}
              </Text>
            </Group>
          }
          labelPosition="right"
          aria-keyshortcuts={String(index + 1)}
        />
      ))}
      {refused && (
        <Text size="xs" c="orange" role="alert">
          {answerSentence(t, refused)}
        </Text>
      )}
    </Stack>
  );
}
