// Signs of collusion between an agent and a dealer: above the floor while there are any of the last day.

import { Anchor, Group, Paper, Stack, Text, Title } from "@mantine/core";
import { IconEye } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { signs } from "../common/api";
import { dateAndTime } from "../common/format";
import { useNow } from "../common/now";
import type { Sign } from "../common/types";
import { link } from "./address";
import { recent } from "./recent-signs";

const EVERY_MS = 60_000;

export function Signs() {
  const { t } = useTranslation();
  const now = useNow(10_000);
  // The floor is what this page is for: where the list is not had for a moment, the next minute brings it.
  const { data } = useQuery({ queryKey: ["signs"], queryFn: () => signs(null), refetchInterval: EVERY_MS });
  const shown = recent(data?.signs ?? [], now);
  if (shown.length === 0) return null;
  return (
    <Paper component="section" p="md" aria-label={t("signs.title")} style={{ borderLeft: "4px solid var(--mantine-color-orange-6)" }}>
      <Group gap="xs" mb={4}>
        <IconEye size={18} color="var(--mantine-color-orange-6)" aria-hidden />
        <Title order={1} size="h5">
          {t("signs.title")}
        </Title>
      </Group>
      <Text size="sm" c="dimmed" mb="sm">
        {t("signs.sentence")}
      </Text>
      <Stack gap="sm">
        {shown.map((sign) => (
          <One key={sign.id} sign={sign} />
        ))}
      </Stack>
    </Paper>
  );
}

function One({ sign }: { sign: Sign }) {
  const { t, i18n } = useTranslation();
  return (
    <div>
      <Text size="sm">{t([`signs.kind.${sign.kind}`, "signs.kind.other"], { agent: sign.agent, dealer: sign.dealer, times: sign.calls.length })}</Text>
      <Group gap="sm">
        <Text size="xs" c="dimmed" className="figures">
          {sign.team} · {dateAndTime(sign.at, i18n.language)}
        </Text>
        {sign.calls.map((call) => (
          <Anchor key={call.id} size="xs" className="figures" {...link({ view: "case", id: call.verification })}>
            {call.number}
          </Anchor>
        ))}
      </Group>
    </div>
  );
}
