// The pictures: oneself large while waiting, then the agent large and oneself small.

import { Button, Text } from "@mantine/core";
import { IconVideoOff, IconVolume } from "@tabler/icons-react";
import type { LinkState, MediaState } from "#client";
import { useCallback, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";

import type { CallSession } from "./call-session";
import classes from "./stage.module.css";

interface StageProps {
  readonly session: CallSession;
  readonly media: MediaState;
  readonly link: LinkState;
  readonly agentIsLost: boolean;
}

export function Stage({ session, media, link, agentIsLost }: StageProps) {
  const { t } = useTranslation();
  const own = useRef<HTMLVideoElement>(null);
  const agent = useCallback((video: HTMLVideoElement | null) => session.link.show(video), [session]);
  useEffect(() => {
    // Set anew after each switch: some browsers go on showing the track that has ended.
    if (own.current) own.current.srcObject = session.media.stream;
  }, [session, media.camera, media.phase, media.interruption]);
  const hasAgent = link.phase === "showing" || link.phase === "broken";
  const isStill = hasAgent && (link.phase === "broken" || agentIsLost || link.soundOnly);
  return (
    <div className={classes.stage} data-agent={hasAgent}>
      <video ref={agent} className={classes.agent} data-testid="agent-video" data-still={isStill} playsInline autoPlay aria-label={t("call.agent_picture")} />
      {(isStill || link.soundOnly) && (
        <Text className={classes.still} role="status">
          {t(link.soundOnly ? "call.sound_only" : "call.picture_stands")}
        </Text>
      )}
      <video
        ref={own}
        className={classes.own}
        data-mirrored={media.facing === "user"}
        hidden={media.phase !== "ready" && media.phase !== "checking"}
        muted
        autoPlay
        playsInline
        aria-label={t("call.own_picture")}
      />
      {media.phase === "failed" && !hasAgent && (
        <div className={classes.none} aria-hidden>
          <IconVideoOff size={56} stroke={1.2} />
        </div>
      )}
      {link.soundBlocked && (
        <Button className={classes.sound} leftSection={<IconVolume />} onClick={() => session.link.playSound()}>
          {t("call.turn_sound_on")}
        </Button>
      )}
    </div>
  );
}
