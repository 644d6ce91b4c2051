// One picture of a paper: empty, on its way, kept, or with the sentence that mends it.

import { Button, Group, Loader, Paper as Card, Progress, Text, VisuallyHidden } from "@mantine/core";
import { IconAlertTriangle, IconCamera, IconCircleCheck, IconId, IconPhoto, IconRefresh, IconUser } from "@tabler/icons-react";
import { useId, useRef } from "react";
import { useTranslation } from "react-i18next";

import type { PaperKind } from "../api/ekyc";
import { sentenceOf } from "../common/problem";
import classes from "./paper-slot.module.css";
import type { Paper } from "./tray";

interface PaperSlotProps {
  readonly kind: PaperKind;
  readonly paper: Paper;
  readonly needed: boolean;
  readonly files: boolean | undefined;
  readonly marked: boolean;
  readonly scan: () => void;
  readonly choose: (file: File) => void;
  readonly retry: () => void;
}

export function PaperSlot({ kind, paper, needed, files, marked, scan, choose, retry }: PaperSlotProps) {
  const { t } = useTranslation();
  const input = useRef<HTMLInputElement>(null);
  const label = useId();
  return (
    <Card withBorder className={classes.slot} data-paper={kind} data-phase={paper.phase} data-marked={marked && paper.phase === "empty"} aria-labelledby={label} role="group">
      <div className={classes.picture}>
        {paper.preview ? (
          <img src={paper.preview} alt={t(`paper.${kind}`)} />
        ) : kind === "portrait" ? (
          <IconUser stroke={1.2} aria-hidden />
        ) : (
          <IconId stroke={1.2} aria-hidden />
        )}
      </div>
      <div className={classes.words}>
        <Text fw={600} id={label}>
          {t(`paper.${kind}`)}
        </Text>
        <PaperState paper={paper} needed={needed} />
      </div>
      <div className={classes.buttons}>
        <Group gap="xs" grow preventGrowOverflow={false}>
          <Button id={kind} size="sm" px="xs" variant={paper.phase === "empty" ? "filled" : "default"} leftSection={<IconCamera size={18} />} onClick={scan}>
            {t(paper.phase === "empty" ? "papers.take" : "papers.retake")}
          </Button>
          {files && (
            <Button size="sm" px="xs" variant="default" leftSection={<IconPhoto size={18} />} onClick={() => openFiles(input.current)}>
              {t("papers.file")}
            </Button>
          )}
          {paper.phase === "failed" && mayHelp(paper.problem) && (
            <Button size="sm" px="xs" variant="default" leftSection={<IconRefresh size={18} />} onClick={retry}>
              {t("papers.send_again")}
            </Button>
          )}
        </Group>
        <VisuallyHidden>
          <input
            ref={input}
            type="file"
            name={kind}
            accept="image/jpeg,image/png"
            disabled={files === false}
            tabIndex={-1}
            aria-label={t(`paper.${kind}`)}
            onChange={(event) => {
              const file = event.currentTarget.files?.[0];
              if (file) choose(file);
            }}
          />
        </VisuallyHidden>
      </div>
    </Card>
  );
}

function openFiles(input: HTMLInputElement | null): void {
  if (!input) return;
  // The same file chosen again is otherwise no change, and nothing would happen.
  input.value = "";
  input.click();
}

/** Whether the same picture may be taken when it is sent again; what the server refused, it refuses again. */
function mayHelp(problem: string | null): boolean {
  return !problem?.startsWith("picture_") && problem !== "file_not_allowed" && problem !== "draft_used";
}

function PaperState({ paper, needed }: { readonly paper: Paper; readonly needed: boolean }) {
  const { t } = useTranslation();
  switch (paper.phase) {
    case "empty":
      return (
        <Text size="sm" c="dimmed">
          {t(needed ? "papers.empty" : "papers.not_needed")}
        </Text>
      );
    case "preparing":
      return (
        <Group gap="xs" role="status">
          <Loader size="xs" />
          <Text size="sm">{t("papers.preparing")}</Text>
        </Group>
      );
    case "sending":
      return (
        <div role="status">
          <Text size="sm">{t("papers.sending", { share: Math.round(paper.progress * 100) })}</Text>
          <Progress value={paper.progress * 100} aria-label={t("papers.progress")} />
        </div>
      );
    case "held":
    case "kept":
      return <Kept words={t(`papers.${paper.phase}`)} warnings={paper.warnings} />;
    case "failed":
      return (
        <Text size="sm" c="var(--mantine-color-error)" role="alert">
          {sentenceOf(t, paper.problem ?? "our_fault")}
        </Text>
      );
  }
}

function Kept({ words, warnings }: { readonly words: string; readonly warnings: readonly string[] }) {
  const { t } = useTranslation();
  const [warning] = warnings;
  return (
    <Group gap={6} role="status" wrap="nowrap" className={warning ? classes.warned : classes.kept}>
      {warning ? <IconAlertTriangle size={18} className={classes.sign} aria-hidden /> : <IconCircleCheck size={18} className={classes.sign} aria-hidden />}
      <Text size="sm">{warning ? t(`warning.${warning}`, { defaultValue: t("warning.other") }) : words}</Text>
    </Group>
  );
}
