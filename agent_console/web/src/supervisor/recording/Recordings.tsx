// What was recorded of a verification's calls: one call at a time, to be played and looked into.

import { Button, Group, Paper, SegmentedControl, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";

import { recordings } from "../../common/api";
import { problemSentence } from "../../common/sentences";
import { Waiting } from "../../common/Session";
import { Section } from "../../common/SubjectDetails";
import type { CallRecordings, Case, CaseCall } from "../../common/types";
import { axisOf, isPlayable, marksOf } from "./axis";
import { CallPlayer } from "./CallPlayer";
import { Files } from "./Files";

/** Calls that an agent took; nothing is recorded before. */
function answered(calls: readonly CaseCall[]): CaseCall[] {
  return calls.filter(({ accepted_at }) => accepted_at !== null);
}

export function Recordings({ data }: { data: Case }) {
  const { t } = useTranslation();
  const calls = answered(data.calls);
  const [chosen, setChosen] = useState(calls.at(-1)?.id);
  const call = calls.find(({ id }) => id === chosen);
  if (!call) return null;
  return (
    <Paper p="md">
      <Section
        title={t("recording.title")}
        aside={
          calls.length > 1 && (
            <SegmentedControl
              size="xs"
              aria-label={t("recording.which")}
              value={call.id}
              onChange={setChosen}
              data={calls.map(({ id, attempt }) => ({ value: id, label: t("attempts.nth", { attempt }) }))}
            />
          )
        }
      >
        <OneCall key={call.id} call={call} data={data} />
      </Section>
    </Paper>
  );
}

function OneCall({ call, data }: { call: CaseCall; data: Case }) {
  const { t } = useTranslation();
  const { data: told, error, refetch } = useQuery({ queryKey: ["recordings", call.id], queryFn: () => recordings(call.id), staleTime: 30_000 });
  if (error) {
    return (
      <Group>
        <Text size="sm" role="alert">
          {problemSentence(t, error)}
        </Text>
        <Button size="compact-xs" onClick={() => void refetch()}>
          {t("again")}
        </Button>
      </Group>
    );
  }
  if (!told) return <Waiting sentence={t("recording.loading")} />;
  return <Told call={call} data={data} told={told} refresh={() => void refetch()} />;
}

function Told({ call, data, told, refresh }: { call: CaseCall; data: Case; told: CallRecordings; refresh: () => void }) {
  const { t } = useTranslation();
  const axis = useMemo(() => axisOf(told), [told]);
  const marks = useMemo(() => (axis ? marksOf(axis, call, data) : []), [axis, call, data]);
  const grows = told.recordings.some(({ closed_at }) => closed_at === null);
  return (
    <Stack gap="sm">
      {grows && (
        <Group gap="xs">
          <Text size="sm" c="dimmed">
            {t("recording.grows")}
          </Text>
          <Button size="compact-xs" variant="light" onClick={refresh}>
            {t("recording.look_again")}
          </Button>
        </Group>
      )}
      {!grows && !told.recordings.some(isPlayable) && (
        <Text size="sm" c="dimmed">
          {t("recording.none")}
        </Text>
      )}
      {axis && <CallPlayer axis={axis} marks={marks} told={told} />}
      <Files told={told} />
    </Stack>
  );
}
