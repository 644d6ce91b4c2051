// The connection as four bars and a word; figures on demand.

import { Group, Text, Tooltip } from "@mantine/core";
import type { PeerLink } from "#client";
import { useTranslation } from "react-i18next";

import { useStore } from "../common/store";

const COLORS = ["red", "red", "orange", "teal", "teal"] as const;

export function LinkQuality({ link }: { link: PeerLink }) {
  const { t } = useTranslation();
  const { quality } = useStore(link.state);
  if (!quality) return null;
  const figures = t("link.figures", {
    roundTrip: quality.roundTrip === null ? "–" : Math.round(quality.roundTrip),
    loss: (quality.loss * 100).toFixed(1),
    down: Math.round(quality.bitrateDown / 1000),
    up: Math.round(quality.bitrateUp / 1000),
  });
  return (
    <Tooltip label={figures}>
      <Group gap={6} wrap="nowrap" tabIndex={0} aria-label={`${t(`link.level_${quality.level}`)}. ${figures}`}>
        <svg width="20" height="14" viewBox="0 0 20 14" aria-hidden>
          {[1, 2, 3, 4].map((bar) => (
            <rect
              key={bar}
              x={(bar - 1) * 5}
              y={14 - bar * 3.5}
              width="4"
              height={bar * 3.5}
              rx="1"
              fill={bar <= Math.max(1, quality.level) ? `var(--mantine-color-${COLORS[quality.level]}-6)` : "var(--mantine-color-default-border)"}
            />
          ))}
        </svg>
        <Text size="xs" c="dimmed">
          {t(`link.level_${quality.level}`)}
        </Text>
      </Group>
    </Tooltip>
  );
}
