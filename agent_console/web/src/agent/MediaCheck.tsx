// Camera and microphone: looked at by themselves, without a press; what is wrong is told with what mends it.

import { Alert, Badge, Box, Button, Group, Paper, Progress, Stack, Text, Title } from "@mantine/core";
import { IconAlertCircle, IconCheck, IconMicrophone } from "@tabler/icons-react";
import { LevelMeter, type Media, type MediaProblem, sentenceKeys } from "#client";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { useStore } from "../common/store";
import { useConsole } from "./context";
import { Devices } from "./Devices";
import { Interrupted } from "./Interrupted";
import { SelfView } from "./SelfView";

export function MediaCheck() {
  const { t } = useTranslation();
  const { media } = useConsole().desk;
  const state = useStore(media.state);
  return (
    <Paper p="lg">
      <Stack gap="sm">
        <Group justify="space-between">
          <Title order={2} size="h5">
            {t("media.title")}
          </Title>
          {state.phase === "ready" && !state.interruption && (
            <Badge color="teal" leftSection={<IconCheck size={12} />}>
              {t("media.works")}
            </Badge>
          )}
        </Group>
        {state.problem ? <Problem problem={state.problem} retry={() => void media.start()} /> : <Preview phase={state.phase} media={media} />}
        <Interrupted />
        {state.phase === "ready" && <Devices grow />}
      </Stack>
    </Paper>
  );
}

function Preview({ phase, media }: { phase: string; media: Media }) {
  const { t } = useTranslation();
  return (
    <>
      <Box pos="relative" bg="dark.8" style={{ aspectRatio: "4 / 3", maxHeight: "36vh", borderRadius: 6, overflow: "hidden" }}>
        <SelfView />
        {phase !== "ready" && (
          <Text pos="absolute" bottom={8} left={8} right={8} c="white" size="sm" role="status" ta="center">
            {t(`ready.media_${phase}`)}
          </Text>
        )}
      </Box>
      {phase === "ready" && <Level media={media} />}
    </>
  );
}

function Level({ media }: { media: Media }) {
  const { t } = useTranslation();
  const [level, setLevel] = useState(0);
  const { microphone } = useStore(media.state);
  useEffect(() => {
    const track = media.stream.getAudioTracks()[0];
    if (!track) return undefined;
    const meter = new LevelMeter(track);
    const timer = setInterval(() => setLevel(Math.min(100, Math.round(Math.sqrt(meter.level()) * 100))), 120);
    return () => {
      clearInterval(timer);
      meter.close();
    };
  }, [media, microphone]);
  return (
    <Group gap={8} wrap="nowrap">
      <IconMicrophone size={16} aria-hidden />
      <Progress value={level} flex={1} size="sm" transitionDuration={100} aria-label={t("media.level")} />
    </Group>
  );
}

function Problem({ problem, retry }: { problem: MediaProblem; retry: () => void }) {
  const { t } = useTranslation();
  const button = useRef<HTMLButtonElement>(null);
  return (
    <Alert color="red" icon={<IconAlertCircle />} role="alert" title={t([`media.title_${problem.kind}`, "media.title_unknown"])}>
      <Stack gap="sm" align="flex-start">
        <Text size="sm">{t([...sentenceKeys(problem).map((key) => `media.${key}`), "media.unknown.other"])}</Text>
        <Button ref={button} size="xs" onClick={retry}>
          {t("again")}
        </Button>
      </Stack>
    </Alert>
  );
}
