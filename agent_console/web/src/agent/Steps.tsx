// The right column: the script, the papers, the agent's own ticks and note, and the verdict, always in sight.

import { Badge, Checkbox, Group, Image, Paper, SegmentedControl, Stack, Text, Textarea } from "@mantine/core";
import { IconFlag, IconLock } from "@tabler/icons-react";
import type { Check } from "@vouch/client";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { pictureAddress } from "../common/api";
import { timeOfDay } from "../common/format";
import { answerSentence } from "../common/sentences";
import { Section } from "../common/SubjectDetails";
import type { Dossier, PictureKind } from "../common/types";
import { Zoomable } from "../common/Zoomable";
import styles from "./CallScreen.module.css";
import { useCall, useConsole, usePress } from "./context";
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
      <Paper p="sm" className={styles["scroll"]} style={{ display: "flex", flexDirection: "column", gap: 12 }}>
        {open && <Script />}
        <Papers dossier={dossier} />
        {(open || call.late_verdict) && <Note draft={draft} />}
        {call.kept.length > 0 && <KeptList />}
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
        <div style={{ height: "clamp(140px, 21vh, 230px)" }}>
          <Zoomable key={kind} label={t(`picture.${kind}`)} bare toolsAlways>
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
            <Text size="xs" className="figures">
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
    <Stack gap={8}>
      <Textarea
        ref={field}
        name="note"
        label={t("note.label")}
        placeholder={t("note.placeholder")}
        autosize
        minRows={1}
        maxRows={4}
        maxLength={2000}
        value={draft.note}
        onChange={(event) => change({ note: event.currentTarget.value })}
      />
      <Checkbox
        name="fraud"
        color="red"
        checked={draft.fraud}
        onChange={(event) => change({ fraud: event.currentTarget.checked })}
        label={
          <Group gap={6}>
            <IconFlag size={14} />
            {t("fraud.label")}
          </Group>
        }
        description={t("fraud.description")}
      />
    </Stack>
  );
}

function Checks() {
  const { t } = useTranslation();
  const call = useCall();
  const { refused, press } = usePress();
  const [pending, setPending] = useState<Partial<Record<Check, boolean>>>({});
  const checks = asked(call);
  const isTicked = (check: Check): boolean => pending[check] ?? call.checks.includes(check);
  // The view is the truth: once it says what was pressed, nothing is pending any more.
  useEffect(() => setPending({}), [call.checks.join()]);
  const tick = async (check: Check, ticked: boolean): Promise<void> => {
    setPending((now) => ({ ...now, [check]: ticked }));
    const answer = await press("check.set", { call: call.id, check, ticked });
    if (answer.code !== "ok") setPending(({ [check]: _, ...rest }) => rest);
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
              <Text size="sm">{t(`check.${check}`)}</Text>
              {check === "recheck" && !isTicked(check) && (
                <Badge size="xs" color="orange" leftSection={<IconLock size={10} />}>
                  {t("check.after_gap")}
                </Badge>
              )}
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
