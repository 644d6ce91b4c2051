// The agent's day: a small plot of it and his calls, newest first.

import { Badge, Button, Group, Paper, ScrollArea, Stack, Table, Text, Title } from "@mantine/core";
import { IconPhoneIncoming } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

import { duration, hourAndMinute } from "../common/format";
import { outcomeLook } from "../common/looks";
import { problemSentence } from "../common/sentences";
import { Waiting } from "../common/Session";
import type { OwnCall } from "../common/types";
import { DayPlot } from "./DayPlot";
import { useToday, useTodayFollowsCalls } from "./today";

export function TodayList() {
  const { t } = useTranslation();
  useTodayFollowsCalls();
  const { data, error, hasNextPage, fetchNextPage, isFetchingNextPage, refetch } = useToday();
  const calls = data?.pages.flatMap((page) => page.calls) ?? [];
  const totals = data?.pages[0]?.totals;
  return (
    <Paper p="lg" style={{ display: "flex", flexDirection: "column", minHeight: 0 }}>
      <Group justify="space-between" mb="xs">
        <Title order={2} size="h5">
          {t("today.title")}
        </Title>
        {totals && totals.calls > 0 && (
          <Text size="sm" c="dimmed" className="figures">
            {t("today.totals", { count: totals.calls, each: duration(totals.talk_us / totals.calls) })}
          </Text>
        )}
      </Group>
      {error && (
        <Stack align="flex-start">
          <Text>{problemSentence(t, error)}</Text>
          <Button size="xs" onClick={() => void refetch()}>
            {t("again")}
          </Button>
        </Stack>
      )}
      {!data && !error && <Waiting sentence={t("today.loading")} />}
      {data && calls.length === 0 && <Nothing />}
      {calls.length > 0 && (
        <>
          <DayPlot calls={calls} />
          <ScrollArea flex={1} mt="sm" type="auto">
            <Calls calls={calls} />
            {hasNextPage && (
              <Button variant="subtle" fullWidth mt="xs" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
                {t("more")}
              </Button>
            )}
          </ScrollArea>
        </>
      )}
    </Paper>
  );
}

function Nothing() {
  const { t } = useTranslation();
  return (
    <Stack align="center" justify="center" flex={1} gap={6} c="dimmed" ta="center" p="xl">
      <IconPhoneIncoming size={36} stroke={1.3} />
      <Text fw={500}>{t("today.none")}</Text>
      <Text size="sm" maw={380}>
        {t("today.none_sentence")}
      </Text>
    </Stack>
  );
}

function Calls({ calls }: { calls: OwnCall[] }) {
  const { t, i18n } = useTranslation();
  return (
    <Table stickyHeader highlightOnHover verticalSpacing={6} miw={520}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t("today.time")}</Table.Th>
          <Table.Th>{t("today.number")}</Table.Th>
          <Table.Th>{t("field.company")}</Table.Th>
          <Table.Th ta="right">{t("today.talk")}</Table.Th>
          <Table.Th>{t("today.end")}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {calls.map((call) => {
          const at = call.started_at ?? call.ended_at;
          return (
            <Table.Tr key={call.id}>
              <Table.Td className="figures">{at === null ? "–" : hourAndMinute(at, i18n.language)}</Table.Td>
              <Table.Td className="figures">{call.number}</Table.Td>
              <Table.Td>{call.company}</Table.Td>
              <Table.Td ta="right" className="figures">
                {call.started_at === null ? "–" : duration(call.talk_us)}
              </Table.Td>
              <Table.Td>
                <Result call={call} />
              </Table.Td>
            </Table.Tr>
          );
        })}
      </Table.Tbody>
    </Table>
  );
}

function Result({ call }: { call: OwnCall }) {
  const { t } = useTranslation();
  const ends = [...new Set([call.outcome, call.verdict])].filter((end) => end !== null);
  if (ends.length === 0) return <Badge color="blue">{t("today.runs")}</Badge>;
  return (
    <Group gap={4}>
      {ends.map((end) => {
        const { color, Icon } = outcomeLook(end);
        return (
          <Badge key={end} color={color} leftSection={<Icon size={12} />}>
            {t(`outcome.${end}`)}
          </Badge>
        );
      })}
    </Group>
  );
}
