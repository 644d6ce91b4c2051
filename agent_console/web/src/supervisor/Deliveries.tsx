// What the client's system has been told of, and whether it has taken it.

import { Badge, Group, Paper, Stack, Text } from "@mantine/core";
import { IconAlertTriangle, IconCheck, IconClock } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

import { dateAndTime } from "../common/format";
import { Section } from "../common/SubjectDetails";
import type { Delivery } from "../common/types";

export function Deliveries({ deliveries, client }: { deliveries: Delivery[]; client: string }) {
  const { t } = useTranslation();
  return (
    <Paper p="md">
      <Section title={t("delivery.title", { client })}>
        {deliveries.length === 0 && (
          <Text size="sm" c="dimmed">
            {t("delivery.none")}
          </Text>
        )}
        <Stack gap="sm">
          {deliveries.map((delivery, index) => (
            <Row key={index} delivery={delivery} />
          ))}
        </Stack>
      </Section>
    </Paper>
  );
}

function Row({ delivery }: { delivery: Delivery }) {
  const { t, i18n } = useTranslation();
  const taken = delivery.delivered_at !== null;
  const Icon = taken ? IconCheck : delivery.last_error ? IconAlertTriangle : IconClock;
  const color = taken ? "teal" : delivery.last_error ? "red" : "gray";
  return (
    <div>
      <Group gap={6} justify="space-between" wrap="nowrap">
        <Text size="sm" fw={500}>
          {t([`delivery.${delivery.type.replace(".", "_")}`, "delivery.other"], { type: delivery.type })}
        </Text>
        <Badge color={color} leftSection={<Icon size={12} />} style={{ flexShrink: 0 }}>
          {t(taken ? "delivery.taken" : delivery.last_error ? "delivery.failing" : "delivery.waiting")}
        </Badge>
      </Group>
      <Text size="xs" c="dimmed">
        {dateAndTime(delivery.delivered_at ?? delivery.at, i18n.language)} · {t("delivery.tries", { count: delivery.tries })}
      </Text>
      {!taken && delivery.last_error && (
        <Text size="xs" c="red">
          {delivery.last_error}
        </Text>
      )}
    </div>
  );
}
