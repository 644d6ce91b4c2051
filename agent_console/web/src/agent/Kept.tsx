// After the call, in the place of the live picture: how it ended, what was kept, and the time left for notes.

import { Alert, Button, Group, Paper, Stack, Text, ThemeIcon, Title } from "@mantine/core";
import { IconInfoCircle } from "@tabler/icons-react";
import type { KeptPicture } from "#client";
import { useTranslation } from "react-i18next";

import { pictureAddress } from "../common/api";
import { timeOfDay } from "../common/format";
import { outcomeLook } from "../common/looks";
import { answerSentence } from "../common/sentences";
import { SecondsLeft } from "../common/Times";
import { Zoomable } from "../common/Zoomable";
import { useCall, useConsole, usePress } from "./context";

export function Kept() {
  const { t } = useTranslation();
  const call = useCall();
  const end = call.outcome ?? "agent_ended";
  const { color, Icon } = outcomeLook(call.verdict ?? end);
  const proof = proofOf(call.kept);
  return (
    <Stack pos="absolute" inset={0} p="md" gap="sm" bg="var(--mantine-color-body)" role="status">
      <Group wrap="nowrap">
        <ThemeIcon size={40} radius="xl" variant="light" color={color}>
          <Icon size={22} />
        </ThemeIcon>
        <div style={{ flex: 1 }}>
          <Title order={1} size="h4">
            {t(`outcome.${end}`)}
            {call.verdict && call.verdict !== end && ` · ${t(`outcome.${call.verdict}`)}`}
          </Title>
          <Text size="sm" c="dimmed">
            {t(`after.${call.verdict ?? end}`)}
          </Text>
        </div>
        <WrapUp />
      </Group>
      {call.late_verdict && (
        <Alert color="orange" py={8} icon={<IconInfoCircle />}>
          {t("after.late")}
        </Alert>
      )}
      {proof ? <Proof picture={proof} /> : <Text c="dimmed">{t("after.nothing_kept")}</Text>}
    </Stack>
  );
}

/** The picture that a call's end stands on, else the last one taken. */
export function proofOf(kept: readonly KeptPicture[]): KeptPicture | undefined {
  return kept.findLast(({ kind }) => kind !== "extra") ?? kept.at(-1);
}

function Proof({ picture }: { picture: KeptPicture }) {
  const { t, i18n } = useTranslation();
  const { verification } = useCall();
  const words = t(`kept.${picture.kind}`, { time: timeOfDay(picture.at, i18n.language) });
  return (
    <div data-testid="snapshot" style={{ flex: 1, minHeight: 0 }}>
      <Zoomable label={words}>
        <img src={pictureAddress(verification, picture.key)} alt={words} />
      </Zoomable>
    </div>
  );
}

function WrapUp() {
  const { t } = useTranslation();
  const { view } = useConsole();
  const { busy, refused, press } = usePress();
  const until = view.agent.wrap_up_until;
  return (
    <Paper withBorder={false} bg="transparent">
      <Group gap="sm" wrap="nowrap">
        {until !== null && (
          <Text size="sm" c="dimmed" style={{ whiteSpace: "nowrap" }}>
            {t("wrap_up.left")} <SecondsLeft until={until} /> {t("wrap_up.seconds")}
          </Text>
        )}
        <Button data-testid="wrap-up-end" loading={busy !== null} onClick={() => void press("wrapup.end", {})}>
          {t(view.agent.ready ? "wrap_up.ready_now" : "wrap_up.done")}
        </Button>
      </Group>
      {refused && (
        <Text size="xs" c="orange" role="alert">
          {answerSentence(t, refused)}
        </Text>
      )}
    </Paper>
  );
}
