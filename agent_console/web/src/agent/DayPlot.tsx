// The day as bars, one for each hour.

import { Box, Group, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

import type { OwnCall } from "../common/types";
import { byHour } from "./day";

const KINDS = [
  ["confirmed", "var(--mantine-color-teal-6)"],
  ["rejected", "var(--mantine-color-red-6)"],
  ["other", "var(--mantine-color-gray-5)"],
] as const;
const HEIGHT = 56;

export function DayPlot({ calls }: { calls: OwnCall[] }) {
  const { t } = useTranslation();
  const hours = byHour(calls);
  // A day with one call is no day full of calls.
  const most = Math.max(4, ...hours.map(({ confirmed, rejected, other }) => confirmed + rejected + other));
  return (
    <Box>
      <Group gap={3} align="flex-end" wrap="nowrap" role="img" aria-label={t("today.plot")}>
        {hours.map((hour) => (
          <Box key={hour.hour} flex={1} title={t("today.hour", { ...hour })}>
            <div style={{ height: HEIGHT, display: "flex", flexDirection: "column", justifyContent: "flex-end", gap: 1 }}>
              {KINDS.map(([kind, color]) => (
                <div key={kind} style={{ height: (hour[kind] / most) * HEIGHT, background: color, borderRadius: 2 }} />
              ))}
            </div>
            <Text size="xs" c="dimmed" ta="center" className="figures" style={{ borderTop: "1px solid var(--mantine-color-default-border)" }}>
              {hour.hour}
            </Text>
          </Box>
        ))}
      </Group>
      <Group gap="md" mt={4}>
        {KINDS.map(([kind, color]) => (
          <Group key={kind} gap={5}>
            <span style={{ width: 9, height: 9, borderRadius: 2, background: color }} />
            <Text size="xs" c="dimmed">
              {t(`today.kind_${kind}`)}
            </Text>
          </Group>
        ))}
      </Group>
    </Box>
  );
}
