// The floor now: each team's agents as tiles with state and time, and its calls with their ages.

import { Alert, Anchor, Badge, Box, Group, Paper, Stack, Table, Text, Title } from "@mantine/core";
import { IconAlertTriangle, IconPlugConnectedX } from "@tabler/icons-react";
import type { FloorAgent, FloorCall, FloorTeam } from "#client";
import { useTranslation } from "react-i18next";

import { AGENT_STATES, CALL_STATES } from "../common/looks";
import { usePauseWord } from "../common/pause";
import { Waiting } from "../common/Session";
import { useStore } from "../common/store";
import { Elapsed } from "../common/Times";
import { link } from "./address";
import { inOrder, tally } from "./floor-order";
import { Signs } from "./Signs";
import type { FloorConnection } from "./SupervisorApp";

export function Floor({ connection }: { connection: FloorConnection }) {
  const { t } = useTranslation();
  const { status, view } = useStore(connection.state);
  if (!view) return <Waiting sentence={t(status === "down" ? "session.unreachable" : "session.connecting")} />;
  return (
    <Stack gap="lg">
      {status !== "up" && (
        <Alert color="orange" icon={<IconPlugConnectedX />} role="alert">
          {t("trouble.floor")}
        </Alert>
      )}
      <Signs />
      {view.teams.length === 0 && <Text c="dimmed">{t("floor.no_teams")}</Text>}
      {view.teams.map((team) => (
        <Team key={team.company} team={team} />
      ))}
    </Stack>
  );
}

function Team({ team }: { team: FloorTeam }) {
  const { t } = useTranslation();
  const numbers = tally(team);
  return (
    <section aria-label={team.company}>
      <Group mb="xs" gap="md">
        <Title order={1} size="h4">
          {team.company}
        </Title>
        <Text size="sm" c="dimmed">
          {t("floor.tally", { ...numbers })}
        </Text>
        {team.held.map((reason) => (
          <Badge key={reason} color="red" size="lg" leftSection={<IconAlertTriangle size={14} />}>
            {t([`held.${reason}`, "held.other"], { reason })}
          </Badge>
        ))}
      </Group>
      {/* Side by side where there is room, else the calls below the agents. */}
      <Box style={{ display: "flex", flexWrap: "wrap", gap: 16, alignItems: "flex-start" }}>
        <Box flex="1 1 320px" miw={0}>
          <Agents agents={team.agents} calls={team.calls} />
        </Box>
        <Box flex="0 1 620px" miw={0}>
          <Calls calls={team.calls} agents={team.agents} />
        </Box>
      </Box>
    </section>
  );
}

function Agents({ agents, calls }: { agents: readonly FloorAgent[]; calls: readonly FloorCall[] }) {
  const { t } = useTranslation();
  if (agents.length === 0) return <Nothing title={t("floor.no_agents")} sentence={t("floor.no_agents_sentence")} />;
  return (
    <Box style={{ display: "grid", gridTemplateColumns: "repeat(auto-fill, minmax(190px, 1fr))", gap: 10 }}>
      {inOrder(agents).map((agent) => (
        <Tile key={agent.id} agent={agent} call={calls.find((call) => call.id === agent.call)} />
      ))}
    </Box>
  );
}

function Tile({ agent, call }: { agent: FloorAgent; call: FloorCall | undefined }) {
  const { t } = useTranslation();
  const word = usePauseWord();
  const { color, Icon } = AGENT_STATES[agent.state];
  const quiet = agent.state === "offline";
  return (
    <Paper p="sm" style={{ borderLeft: `4px solid var(--mantine-color-${color}-6)` }}>
      <Text fw={600} truncate c={quiet ? "dimmed" : "var(--mantine-color-text)"}>
        {agent.name}
      </Text>
      <Group gap={6} wrap="nowrap" mt={2}>
        <Icon size={15} color={`var(--mantine-color-${color}-6)`} aria-hidden />
        <Text size="sm">{t(`agent_state.${agent.state}`)}</Text>
        {!quiet && (
          <Text size="sm" c="dimmed" ml="auto">
            <Elapsed since={agent.since} />
          </Text>
        )}
      </Group>
      <Text size="xs" c="dimmed" mih={18} truncate>
        {call ? (
          <Anchor size="xs" {...link({ view: "case", id: call.verification })}>
            {call.number}
          </Anchor>
        ) : (
          agent.reason && word(agent.reason)
        )}
      </Text>
    </Paper>
  );
}

function Calls({ calls, agents }: { calls: readonly FloorCall[]; agents: readonly FloorAgent[] }) {
  const { t } = useTranslation();
  if (calls.length === 0) return <Nothing title={t("floor.no_calls")} sentence={t("floor.no_calls_sentence")} />;
  return (
    <Paper>
      <Table verticalSpacing={6} style={{ whiteSpace: "nowrap" }}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th w={36}>{t("floor.place")}</Table.Th>
            <Table.Th>{t("today.number")}</Table.Th>
            <Table.Th>{t("field.company")}</Table.Th>
            <Table.Th>{t("field.state")}</Table.Th>
            <Table.Th>{t("field.agent")}</Table.Th>
            <Table.Th ta="right">{t("floor.age")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {calls.map((call) => {
            const { color, Icon } = CALL_STATES[call.state];
            return (
              <Table.Tr key={call.id}>
                <Table.Td className="figures">{call.position ?? ""}</Table.Td>
                <Table.Td>
                  <Anchor size="sm" className="figures" {...link({ view: "case", id: call.verification })}>
                    {call.number}
                  </Anchor>
                </Table.Td>
                <Table.Td>{call.company}</Table.Td>
                <Table.Td>
                  <Badge miw="max-content" color={color} leftSection={<Icon size={12} />}>
                    {t(`state.${call.state}`)}
                  </Badge>
                </Table.Td>
                <Table.Td>{agents.find((agent) => agent.id === call.agent)?.name ?? "–"}</Table.Td>
                <Table.Td ta="right">
                  <Elapsed since={call.since} />
                </Table.Td>
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
    </Paper>
  );
}

function Nothing({ title, sentence }: { title: string; sentence: string }) {
  return (
    <Paper p="lg" ta="center">
      <Text fw={500}>{title}</Text>
      <Text size="sm" c="dimmed">
        {sentence}
      </Text>
    </Paper>
  );
}
