// Between calls: what the agent is waiting for, himself as callers will see him, and his day.

import { Alert, Badge, Button, Group, Paper, Stack, Text, ThemeIcon, Title } from "@mantine/core";
import { IconAlertTriangle, IconCoffee, IconHeadset } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

import { Elapsed } from "../common/Times";
import { useConsole } from "./context";
import { MediaCheck } from "./MediaCheck";
import { useReady } from "./ready";
import type { RingSound } from "./ring-sound";
import { TodayList } from "./TodayList";

const grid = {
  display: "grid",
  gridTemplateColumns: "minmax(380px, 460px) minmax(0, 1fr)",
  gap: 16,
  padding: 16,
  flex: 1,
  minHeight: 0,
} as const;

export function Idle({ sound }: { sound: RingSound }) {
  return (
    <main style={grid}>
      <Stack gap="md" style={{ overflow: "auto" }}>
        <Standing sound={sound} />
        <MediaCheck />
      </Stack>
      <TodayList />
    </main>
  );
}

// Reasons that the system gave; the agent did not choose them and should know why.
const NOTED = new Set(["did_not_answer", "was_away", "connection_lost"]);

function Standing({ sound }: { sound: RingSound }) {
  const { t } = useTranslation();
  const { agent, queue } = useConsole().view;
  const ready = useReady(sound);
  const Icon = agent.ready ? IconHeadset : IconCoffee;
  return (
    <Paper p="lg">
      <Group wrap="nowrap" align="flex-start">
        <ThemeIcon size={44} radius="xl" variant="light" color={agent.ready ? "teal" : "gray"}>
          <Icon size={24} />
        </ThemeIcon>
        <Stack gap={6} flex={1}>
          <Title order={1} size="h4">
            {agent.ready ? t("idle.ready") : t("idle.paused")}
          </Title>
          <Text c="dimmed" size="sm">
            {agent.ready ? t("idle.ready_sentence") : t("idle.paused_sentence")}
          </Text>
          {!agent.ready && agent.reason !== null && NOTED.has(agent.reason) && (
            <Alert color="orange" icon={<IconAlertTriangle />} py={8}>
              {t(`idle.${agent.reason}`)}
            </Alert>
          )}
          <Group gap="xs" mt={4}>
            {!agent.ready && (
              <Button size="md" disabled={ready.barrier !== null} loading={ready.busy} onClick={ready.press}>
                {t("ready.press")}
              </Button>
            )}
            {queue.waiting > 0 && (
              <Badge size="lg" color="orange">
                {t("queue.waiting", { count: queue.waiting })}
                {queue.longest_since !== null && (
                  <>
                    {" · "}
                    <Elapsed since={queue.longest_since} />
                  </>
                )}
              </Badge>
            )}
          </Group>
          {!agent.ready && ready.barrier && (
            <Text size="sm" role="status">
              {ready.barrier}
            </Text>
          )}
        </Stack>
      </Group>
    </Paper>
  );
}
