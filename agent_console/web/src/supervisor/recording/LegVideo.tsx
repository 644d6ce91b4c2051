// One side of a call: a player for each of its files, of which at most one is seen.

import { ActionIcon, Tooltip } from "@mantine/core";
import { IconVolume, IconVolumeOff } from "@tabler/icons-react";
import type { Leg } from "#client";
import { useCallback } from "react";
import { useTranslation } from "react-i18next";

import { recordingAddress } from "../../common/api";
import { useStore } from "../../common/store";
import type { Axis, Segment } from "./axis";
import type { Conductor } from "./conductor";
import styles from "./Recording.module.css";

interface LegVideoProps {
  leg: Leg;
  call: string;
  axis: Axis;
  conductor: Conductor;
  /** Whether anything may be loaded. */
  opened: boolean;
}

export function LegVideo({ leg, call, axis, conductor, opened }: LegVideoProps) {
  const { t } = useTranslation();
  const { shown, muted, broken } = useStore(conductor.state);
  const seen = shown[leg];
  const isBroken = seen !== null && broken.includes(seen);
  const off = muted[leg];
  const name = t(`recording.leg.${leg}`);
  const sound = t(off ? "recording.unmute" : "recording.mute", { leg: name });
  return (
    <figure className={styles["leg"]}>
      {opened &&
        axis.segments
          .filter((segment) => segment.leg === leg)
          .map((segment) => (
            <OneFile
              key={`${segment.media} ${broken.includes(segment)}`}
              segment={segment}
              address={recordingAddress(call, segment)}
              conductor={conductor}
              seen={segment === seen}
              name={name}
            />
          ))}
      {(!opened || seen === null) && <div className={styles["over"]}>{t(opened ? "recording.not_recorded" : "recording.not_opened")}</div>}
      {isBroken && (
        <div className={styles["over"]} role="alert">
          {t("recording.broken")}
        </div>
      )}
      <figcaption className={styles["name"]}>{name}</figcaption>
      <Tooltip label={sound}>
        <ActionIcon className={styles["sound"]} variant={off ? "filled" : "default"} color="red" aria-label={sound} aria-pressed={off} onClick={() => conductor.toggleSound(leg)}>
          {off ? <IconVolumeOff size={16} /> : <IconVolume size={16} />}
        </ActionIcon>
      </Tooltip>
    </figure>
  );
}

interface OneFileProps {
  segment: Segment;
  address: string;
  conductor: Conductor;
  seen: boolean;
  name: string;
}

function OneFile({ segment, address, conductor, seen, name }: OneFileProps) {
  const attach = useCallback((element: HTMLVideoElement | null) => conductor.attach(segment, element), [conductor, segment]);
  return <video ref={attach} src={address} preload={seen ? "auto" : "metadata"} playsInline disablePictureInPicture aria-label={name} data-hidden={seen ? undefined : ""} />;
}
