// What is wrong with this page's own picture or sound, and what mends it: one at a time, the gravest first.

import { Button, Stack, Text } from "@mantine/core";
import { IconRefresh, IconVideoOff } from "@tabler/icons-react";
import { reasonOf, sentenceKeys, type LinkState, type MediaState } from "#client";
import { useTranslation } from "react-i18next";

import { Notice } from "../common/notice";
import type { CallSession } from "./call-session";

interface MediaNoticesProps {
  readonly session: CallSession;
  readonly media: MediaState;
  readonly link: LinkState;
}

export function MediaNotices({ session, media, link }: MediaNoticesProps) {
  const { t } = useTranslation();
  const { problem, interruption } = media;
  if (problem) {
    return <Trouble sentence={t(sentenceKeys(problem).map((key) => `media.${key}`))} again={() => void session.media.start()} />;
  }
  if (interruption) {
    const sentence = t(`interrupted.${reasonOf(interruption.problem)}.${interruption.device}`);
    return <Trouble sentence={sentence} again={() => session.media.retry()} />;
  }
  if (link.sending === "paused") {
    return (
      <Notice tone="attention" icon={<IconVideoOff />} role="alert">
        <span data-testid="picture-paused">{t("network.paused")}</span>
      </Notice>
    );
  }
  if (media.switchFailed === null) return null;
  return (
    <Notice tone="info" role="status">
      {t("devices.failed")}
    </Notice>
  );
}

function Trouble({ sentence, again }: { readonly sentence: string; readonly again: () => void }) {
  const { t } = useTranslation();
  return (
    <Notice tone="trouble" role="alert">
      <Stack gap="sm" align="flex-start">
        <Text size="sm" data-testid="media-trouble">
          {sentence}
        </Text>
        <Button size="sm" leftSection={<IconRefresh size={18} />} onClick={again}>
          {t("media.try_again")}
        </Button>
      </Stack>
    </Notice>
  );
}
