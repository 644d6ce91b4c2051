// The top bar of the console: readiness, call state, the queue, the day so far, the connection.

import { ActionIcon, Button, Group, Indicator, Menu, Text, Tooltip } from "@mantine/core";
import { IconChevronDown, IconKeyboard, IconPlayerPause } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

import { Bar } from "../common/Bar";
import { duration } from "../common/format";
import { useCodes, usePauseWord } from "../common/pause";
import { useStore } from "../common/store";
import { Elapsed } from "../common/Times";
import { CallState } from "./CallState";
import { useConsole, usePress } from "./context";
import { LinkQuality } from "./LinkQuality";
import { useReady } from "./ready";
import type { RingSound } from "./ring-sound";
import { openShortcutHelp } from "./ShortcutHelp";
import { useToday } from "./today";

export function AgentBar({ sound }: { sound: RingSound }) {
  const { t } = useTranslation();
  const { view, desk } = useConsole();
  const { link } = useStore(desk.linked);
  const live = view.call !== null && view.call.state !== "ended";
  return (
    <Bar
      locked={live ? t("bar.locked") : undefined}
      extras={
        <Tooltip label={t("shortcuts.title")}>
          <ActionIcon variant="default" size={30} aria-label={t("shortcuts.title")} onClick={openShortcutHelp}>
            <IconKeyboard size={16} />
          </ActionIcon>
        </Tooltip>
      }
    >
      <Readiness sound={sound} />
      <CallState />
      <Group gap="lg" wrap="nowrap" ml="auto" mr="xs">
        <Queue />
        <Today />
        {link && <LinkQuality link={link} />}
      </Group>
    </Bar>
  );
}

function Readiness({ sound }: { sound: RingSound }) {
  const { t } = useTranslation();
  const { view, codes } = useConsole();
  const { refetch } = useCodes();
  const word = usePauseWord();
  const ready = useReady(sound);
  const { busy, press } = usePress();
  const color = view.agent.ready ? "teal" : "gray";
  return (
    <Group gap={6} wrap="nowrap">
      <Tooltip label={ready.barrier ?? ""} disabled={!ready.barrier}>
        <Button
          data-testid="ready"
          size="xs"
          miw={130}
          variant={view.agent.ready ? "light" : "filled"}
          color="teal"
          aria-pressed={view.agent.ready}
          disabled={!view.agent.ready && ready.barrier !== null}
          loading={ready.busy}
          onClick={ready.press}
          leftSection={view.agent.ready ? <Indicator size={8} color={color} position="middle-center" inline><span style={{ width: 8 }} /></Indicator> : undefined}
        >
          {view.agent.ready ? t("ready.is") : t("ready.press")}
          {view.agent.ready && (
            <Text span size="xs" ml={6} inherit={false}>
              <Elapsed since={view.agent.since} />
            </Text>
          )}
        </Button>
      </Tooltip>
      <Menu position="bottom-start" onOpen={() => void refetch()}>
        <Menu.Target>
          <Button data-testid="pause" size="xs" variant="default" loading={busy === "agent.pause"} rightSection={<IconChevronDown size={14} />}>
            {view.agent.ready ? t("pause.press") : word(view.agent.reason)}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>{t(view.call ? "pause.after_call" : "pause.title")}</Menu.Label>
          {codes.pause.map((reason) => (
            <Menu.Item
              key={reason}
              leftSection={<IconPlayerPause size={14} />}
              onClick={() => void press("agent.pause", { reason })}
            >
              {word(reason)}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </Group>
  );
}

function Queue() {
  const { t } = useTranslation();
  const { waiting, longest_since } = useConsole().view.queue;
  return (
    <Text size="sm" style={{ whiteSpace: "nowrap" }}>
      {t("queue.waiting", { count: waiting })}
      {longest_since !== null && (
        <Text span c="dimmed">
          {" ("}
          {t("queue.longest")} <Elapsed since={longest_since} />
          {")"}
        </Text>
      )}
    </Text>
  );
}

function Today() {
  const { t } = useTranslation();
  const { call, offer } = useConsole().view;
  const totals = useToday().data?.pages[0]?.totals;
  if (!totals) return null;
  const each = totals.calls ? duration(totals.talk_us / totals.calls) : null;
  return (
    // Where there is little room the call's own state is worth more than the day's.
    <Text size="sm" visibleFrom={call || offer ? "xl" : "lg"} className="figures" style={{ whiteSpace: "nowrap" }}>
      {each === null ? t("today.none_short") : t("today.short", { count: totals.calls, each })}
    </Text>
  );
}
