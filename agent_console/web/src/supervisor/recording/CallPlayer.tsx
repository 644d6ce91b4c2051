// Both sides of a call beside each other, with the controls and the axis that they share.

import { Box, Button, Group, SegmentedControl, Text } from "@mantine/core";
import { IconPlayerPauseFilled, IconPlayerPlayFilled } from "@tabler/icons-react";
import { type KeyboardEvent, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import { duration, timeOfDay } from "../../common/format";
import { useStore } from "../../common/store";
import type { CallRecordings } from "../../common/types";
import { type Axis, LEGS, type Mark } from "./axis";
import { Conductor, SPEEDS } from "./conductor";
import { actionOf } from "./keys";
import { LegVideo } from "./LegVideo";
import { Plots } from "./Plots";
import styles from "./Recording.module.css";
import { SeekBar } from "./SeekBar";

const TICK_MS = 100;

interface CallPlayerProps {
  axis: Axis;
  marks: readonly Mark[];
  told: CallRecordings;
}

export function CallPlayer({ axis, marks, told }: CallPlayerProps) {
  const { t } = useTranslation();
  const [conductor] = useState(() => new Conductor(axis));
  // Nothing is asked for before somebody wants to see it: each play is written down.
  const [opened, setOpened] = useState(false);
  const { at } = useStore(conductor.state);
  const playable = axis.segments.length > 0;
  useEffect(() => {
    if (!opened) return;
    const timer = setInterval(conductor.tick, TICK_MS);
    return () => clearInterval(timer);
  }, [conductor, opened]);
  const toggle = (): void => {
    setOpened(true);
    conductor.toggle();
  };
  const press = (event: KeyboardEvent): void => {
    const action = playable ? actionOf(event.nativeEvent) : null;
    if (!action) return;
    event.preventDefault();
    if (action.do === "toggle") toggle();
    else if (action.do === "sound") conductor.toggleSound(action.leg);
    else if (action.do === "speed") conductor.setSpeed(nextSpeed(conductor.state.get().speed));
    else conductor[action.do](action.do === "move" ? action.by : action.to * axis.length);
  };
  return (
    <Box className={styles["player"]} role="group" aria-label={t("recording.title")} onKeyDown={press}>
      {playable && (
        <>
          <div className={styles["legs"]}>
            {LEGS.map((leg) => (
              <LegVideo key={leg} leg={leg} call={told.call} axis={axis} conductor={conductor} opened={opened} />
            ))}
          </div>
          <Controls axis={axis} conductor={conductor} toggle={toggle} />
        </>
      )}
      <div className={styles["rows"]}>
        <SeekBar axis={axis} marks={marks} at={at} seek={conductor.seek} />
        <Plots axis={axis} facts={told.facts} at={at} />
      </div>
    </Box>
  );
}

function nextSpeed(speed: number): number {
  const place = SPEEDS.findIndex((one) => one === speed);
  return SPEEDS[(place + 1) % SPEEDS.length] ?? 1;
}

function Controls({ axis, conductor, toggle }: { axis: Axis; conductor: Conductor; toggle: () => void }) {
  const { t, i18n } = useTranslation();
  const { playing, waiting, at, speed, broken } = useStore(conductor.state);
  const Icon = playing ? IconPlayerPauseFilled : IconPlayerPlayFilled;
  return (
    <Group gap="sm">
      <Button w={140} leftSection={<Icon size={16} />} onClick={toggle} aria-keyshortcuts="Space">
        {t(playing ? "recording.pause" : "recording.play")}
      </Button>
      <Text size="sm" fw={500} className="figures">
        {t("recording.position", { at: duration(at), length: duration(axis.length) })}
      </Text>
      <Text size="sm" c="dimmed" className="figures">
        {timeOfDay(axis.zero + at, i18n.language)}
      </Text>
      <Text size="sm" c="dimmed" role="status">
        {waiting ? t("recording.waiting") : ""}
      </Text>
      <Group gap="xs" ml="auto">
        {broken.length > 0 && (
          <Button size="compact-xs" variant="light" onClick={conductor.mend}>
            {t("again")}
          </Button>
        )}
        <SegmentedControl
          size="xs"
          aria-label={t("recording.speed")}
          value={String(speed)}
          onChange={(value) => conductor.setSpeed(Number(value))}
          data={SPEEDS.map((value) => ({ value: String(value), label: `${value.toLocaleString(i18n.language)}×` }))}
        />
      </Group>
    </Group>
  );
}

