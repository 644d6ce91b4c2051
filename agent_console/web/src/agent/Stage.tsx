// The customer's live picture, whole and never cropped, with what is wrong with it written over it: an agent must never
// judge an old frame without knowing it.

import { Button, Loader, Stack, Text } from "@mantine/core";
import { IconClock, IconVolume } from "@tabler/icons-react";
import type { PeerLink } from "#client";
import { useCallback, useEffect, useState, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";

import { useStore } from "../common/store";
import { Elapsed, SecondsLeft, ServerTime } from "../common/Times";
import styles from "./CallScreen.module.css";
import { useCall, useConsole } from "./context";
import { FROZEN_AFTER } from "./gates";
import { Kept } from "./Kept";
import { OwnControls } from "./OwnControls";
import { SelfView } from "./SelfView";

export function Stage() {
  const { t } = useTranslation();
  const { desk } = useConsole();
  const { link } = useStore(desk.linked);
  const call = useCall();
  const age = useFrameAge(link);
  const soundOnly = useSoundOnly(link);
  const [video, setVideo] = useState<HTMLVideoElement | null>(null);
  useEffect(() => {
    if (!link || !video) return undefined;
    link.show(video);
    return () => link.show(null);
  }, [link, video]);
  const lost = call.lost.length > 0;
  const frozen = age !== null && age > FROZEN_AFTER && !lost;
  const still = frozen || (soundOnly && !lost);
  const ended = call.state === "ended";
  return (
    <div className={styles["stage"]} data-ended={ended || undefined}>
      <video
        ref={useCallback((element: HTMLVideoElement | null) => setVideo(element), [])}
        data-testid="customer-video"
        className={styles["video"]}
        data-stale={lost || still || undefined}
        aria-label={t("stage.customer")}
        playsInline
        autoPlay
      />
      {ended ? <Kept /> : <Over frozen={frozen} soundOnly={soundOnly} age={age} link={link} />}
      {!ended && <Foot link={link} />}
    </div>
  );
}

/** How long the picture on the screen has not changed, in milliseconds; looked at twice a second. */
export function useFrameAge(link: PeerLink | null): number | null {
  const [age, setAge] = useState<number | null>(null);
  useEffect(() => {
    const look = (): void => setAge(link?.lastFrameAge() ?? null);
    look();
    const timer = setInterval(look, 500);
    return () => clearInterval(timer);
  }, [link]);
  return age;
}

/** Whether the customer is only heard. */
export function useSoundOnly(link: PeerLink | null): boolean {
  const subscribe = useCallback((changed: () => void) => link?.state.subscribe(changed) ?? (() => undefined), [link]);
  return useSyncExternalStore(subscribe, () => link?.state.get().soundOnly ?? false);
}

interface OverProps {
  frozen: boolean;
  soundOnly: boolean;
  age: number | null;
  link: PeerLink | null;
}

function Over({ frozen, soundOnly, age, link }: OverProps) {
  const { t } = useTranslation();
  const call = useCall();
  const customer = call.lost.find(({ leg }) => leg === "customer");
  const agent = call.lost.find(({ leg }) => leg === "agent");
  if (customer) {
    return (
      <Words title={t("stage.customer_lost")}>
        <SecondsLeft until={customer.until} /> {t("stage.seconds_left")}
      </Words>
    );
  }
  if (agent) {
    return (
      <Words title={t("stage.agent_lost")}>
        {t("stage.trying")} <SecondsLeft until={agent.until} /> {t("stage.seconds_left_agent")}
      </Words>
    );
  }
  if (soundOnly) return <Words title={t("stage.sound_only")}>{t("stage.sound_only_sentence")}</Words>;
  if (frozen) return <Words title={t("stage.frozen", { seconds: Math.floor((age ?? 0) / 1000) })}>{t("stage.frozen_sentence")}</Words>;
  if (!link) return <NoLink />;
  return <Opening link={link} />;
}

function Opening({ link }: { link: PeerLink }) {
  const { t } = useTranslation();
  const { phase, soundBlocked } = useStore(link.state);
  if (soundBlocked) {
    return (
      <div className={styles["over"]}>
        <Button size="md" leftSection={<IconVolume size={18} />} onClick={() => link.playSound()}>
          {t("stage.play_sound")}
        </Button>
      </div>
    );
  }
  if (phase === "showing") return null;
  return <Words title={t("stage.opening")} loading />;
}

function NoLink() {
  const { t } = useTranslation();
  const { media } = useConsole().desk;
  const { phase } = useStore(media.state);
  if (phase !== "failed") return <Words title={t(`ready.media_${phase}`)} loading />;
  return (
    <div className={styles["over"]} role="alert">
      <Stack align="center">
        <Text fw={600} size="lg">
          {t("stage.no_camera")}
        </Text>
        <Button onClick={() => void media.start()}>{t("again")}</Button>
      </Stack>
    </div>
  );
}

function Words({ title, loading = false, children }: { title: string; loading?: boolean; children?: React.ReactNode }) {
  return (
    <div className={styles["over"]} role="alert">
      <Stack align="center" gap={4}>
        {loading && <Loader size="sm" color="white" />}
        <Text fw={600} size="xl">
          {title}
        </Text>
        {children && (
          <Text maw={460} style={{ textWrap: "balance" }}>
            {children}
          </Text>
        )}
      </Stack>
    </div>
  );
}

function Foot({ link }: { link: PeerLink | null }) {
  const { t } = useTranslation();
  const call = useCall();
  return (
    <div className={styles["foot"]}>
      {call.started_at !== null && (
        <span className={styles["chip"]} title={t("stage.call_time")}>
          <IconClock size={13} aria-hidden />
          <Elapsed since={call.started_at} />
        </span>
      )}
      {link && <Resolution link={link} />}
      <span className={styles["chip"]}>
        <ServerTime />
      </span>
      <div className={styles["self"]}>
        <SelfView />
        <OwnControls />
      </div>
    </div>
  );
}

function Resolution({ link }: { link: PeerLink }) {
  const { quality } = useStore(link.state);
  const { t } = useTranslation();
  if (!quality || quality.width === 0) return null;
  return (
    <span className={`${styles["chip"]} figures`}>
      {t("stage.resolution", { width: quality.width, height: quality.height, fps: quality.fps })}
    </span>
  );
}
