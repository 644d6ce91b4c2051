// Thumb-size buttons under the pictures.

import { ActionIcon, Group, Stack, Text } from "@mantine/core";
import { IconAdjustments, IconCameraRotate, IconMicrophone, IconMicrophoneOff, IconPhoneOff } from "@tabler/icons-react";
import type { MediaState } from "#client";
import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";

import type { CallSession } from "./call-session";
import classes from "./controls.module.css";
import { Devices } from "./devices";

interface ControlsProps {
  readonly session: CallSession;
  readonly media: MediaState;
  readonly hangingUp: boolean;
  /** The verdict stands; hanging up would change nothing any more. */
  readonly isDecided: boolean;
  readonly leave: () => void;
}

export function Controls({ session, media, hangingUp, isDecided, leave }: ControlsProps) {
  const { t } = useTranslation();
  const isReady = media.phase === "ready";
  const [choosing, setChoosing] = useState(false);
  return (
    <Group className={classes.controls} component="nav" aria-label={t("controls.title")} wrap="nowrap">
      <Control
        label={t(media.muted ? "controls.unmute" : "controls.mute")}
        pressed={media.muted}
        disabled={!isReady}
        press={() => session.media.setMuted(!media.muted)}
        testId="mute"
      >
        {media.muted ? <IconMicrophoneOff /> : <IconMicrophone />}
      </Control>
      <Control
        label={t(media.switching ? "controls.switching" : "controls.switch_camera")}
        disabled={!isReady || media.switching || media.cameras.length < 2}
        press={() => void session.media.switchCamera()}
        testId="switch-camera"
      >
        <IconCameraRotate />
      </Control>
      <Control label={t("controls.devices")} disabled={!isReady} press={() => setChoosing(true)} testId="devices">
        <IconAdjustments />
      </Control>
      <Control
        testId="end-call"
        label={t(hangingUp ? "hang_up.doing" : "controls.hang_up")}
        color="red.9"
        disabled={hangingUp || isDecided}
        press={leave}
      >
        <IconPhoneOff />
      </Control>
      <Devices opened={choosing && isReady} close={() => setChoosing(false)} session={session} media={media} />
    </Group>
  );
}

interface ControlProps {
  readonly label: string;
  readonly testId?: string;
  readonly color?: string;
  readonly pressed?: boolean;
  readonly disabled: boolean;
  readonly press: () => void;
  readonly children: ReactNode;
}

function Control({ label, testId, color, pressed, disabled, press, children }: ControlProps) {
  return (
    <Stack gap={4} align="center" className={classes.control}>
      <ActionIcon
        size={56}
        radius="xl"
        variant={color || pressed ? "filled" : "default"}
        {...(color ? { color } : {})}
        {...(pressed === undefined ? {} : { "aria-pressed": pressed })}
        disabled={disabled}
        onClick={press}
        aria-label={label}
        data-testid={testId}
      >
        {children}
      </ActionIcon>
      <Text size="xs" aria-hidden>
        {label}
      </Text>
    </Stack>
  );
}
