// The recordings as they were stored, to be kept elsewhere and compared with their hash.

import { Anchor, Group, Stack, Text } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

import { recordingAddress } from "../../common/api";
import { duration, timeOfDay } from "../../common/format";
import type { CallRecordings } from "../../common/types";

const MEGABYTE = 1_000_000;

export function Files({ told }: { told: CallRecordings }) {
  const { t, i18n } = useTranslation();
  const closed = told.recordings.filter(({ sha256 }) => sha256 !== null);
  if (closed.length === 0) return null;
  const size = (bytes: number | null): string => ((bytes ?? 0) / MEGABYTE).toLocaleString(i18n.language, { maximumFractionDigits: 1, minimumFractionDigits: 1 });
  return (
    <details>
      <Text component="summary" size="sm" style={{ cursor: "pointer" }}>
        {t("recording.files", { files: closed.length })}
      </Text>
      <Stack gap={6} mt={6}>
        {closed.map((one) => (
          <div key={`${one.leg} ${one.media}`}>
            <Group gap={8}>
              <Anchor size="sm" href={recordingAddress(told.call, one, true)} download>
                <IconDownload size={14} style={{ verticalAlign: -2 }} /> {t(`recording.leg.${one.leg}`)} {one.media}
              </Anchor>
              <Text size="xs" c="dimmed" className="figures">
                {[timeOfDay(one.began_at, i18n.language), duration(one.length ?? 0), t("recording.size", { size: size(one.size) })].join(" · ")}
              </Text>
            </Group>
            <Text size="xs" c="dimmed" style={{ overflowWrap: "anywhere" }}>
              {t("recording.hash", { hash: one.sha256 })}
            </Text>
          </div>
        ))}
      </Stack>
    </details>
  );
}
