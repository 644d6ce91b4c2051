// The agent's camera or microphone worked and was taken away since: said at once; it is opened again by itself.

import { Alert, Button, Group, Text } from "@mantine/core";
import { IconMicrophoneOff, IconVideoOff } from "@tabler/icons-react";
import { reasonOf } from "#client";
import { useTranslation } from "react-i18next";

import { useStore } from "../common/store";
import { useConsole } from "./context";

export function Interrupted() {
  const { t } = useTranslation();
  const { media } = useConsole().desk;
  const { interruption } = useStore(media.state);
  if (!interruption) return null;
  const icon = interruption.device === "microphone" ? <IconMicrophoneOff /> : <IconVideoOff />;
  return (
    <Alert color="orange" radius={0} py={6} icon={icon} role="alert" data-testid="media-trouble">
      <Group justify="space-between" wrap="nowrap">
        <Text size="sm">{t(`interrupted.${reasonOf(interruption.problem)}.${interruption.device}`)}</Text>
        <Button size="compact-xs" variant="default" style={{ flexShrink: 0 }} onClick={() => media.retry()}>
          {t("again")}
        </Button>
      </Group>
    </Alert>
  );
}
