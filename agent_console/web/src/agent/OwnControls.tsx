// The agent's own microphone and devices in a call, under his own picture.

import { ActionIcon, Popover, Tooltip } from "@mantine/core";
import { IconAdjustments, IconMicrophone, IconMicrophoneOff } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

import { useStore } from "../common/store";
import styles from "./CallScreen.module.css";
import { useConsole } from "./context";
import { Devices } from "./Devices";
import { useKeys } from "./keys";

export function OwnControls() {
  return (
    <div className={styles["own"]}>
      <Mute />
      <Popover position="top-end" width={280} withArrow trapFocus>
        <Chooser />
        <Popover.Dropdown>
          <Devices />
        </Popover.Dropdown>
      </Popover>
    </div>
  );
}

function Mute() {
  const { t } = useTranslation();
  const { media } = useConsole().desk;
  const { muted, phase } = useStore(media.state);
  const press = (): void => media.setMuted(!muted);
  useKeys({ m: press });
  const label = t(muted ? "own.unmute" : "own.mute");
  return (
    <Tooltip label={label}>
      <ActionIcon
        data-testid="mute"
        size={30}
        variant={muted ? "filled" : "default"}
        color={muted ? "red.8" : "gray"}
        aria-label={label}
        aria-pressed={muted}
        disabled={phase !== "ready"}
        onClick={press}
      >
        {muted ? <IconMicrophoneOff size={16} /> : <IconMicrophone size={16} />}
      </ActionIcon>
    </Tooltip>
  );
}

function Chooser() {
  const { t } = useTranslation();
  const { phase } = useStore(useConsole().desk.media.state);
  return (
    <Popover.Target>
      <ActionIcon data-testid="devices" size={30} variant="default" aria-label={t("media.title")} title={t("media.title")} disabled={phase !== "ready"}>
        <IconAdjustments size={16} />
      </ActionIcon>
    </Popover.Target>
  );
}
