// Who calls and who is to be verified, as lists of fields: for the ringing card, the call and the supervisor.

import { Badge, Box, Group, Stack, Table, Text, Title } from "@mantine/core";
import { IconFlag } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { date, hourAndMinute, paperDate } from "./format";
import { COMPARED, outcomeLook } from "./looks";
import type { Attempt, Compared, Subject } from "./types";

export function Section({ title, children, aside }: { title: string; children: ReactNode; aside?: ReactNode }) {
  return (
    <Box component="section">
      <Group justify="space-between" mb={4}>
        <Title order={2} size="xs" tt="uppercase" c="dimmed" fw={600} style={{ letterSpacing: "0.04em" }}>
          {title}
        </Title>
        {aside}
      </Group>
      {children}
    </Box>
  );
}

interface FieldsProps {
  rows: [label: string, value: ReactNode][];
  wide?: boolean;
}

/** Label and value, beside each other, or below each other where there is little room. */
export function Fields({ rows, wide = false }: FieldsProps) {
  const shown = rows.filter(([, value]) => value !== null && value !== undefined && value !== "");
  const columns = wide ? "minmax(110px, auto) 1fr" : "96px minmax(0, 1fr)";
  return (
    <dl style={{ margin: 0, display: "grid", gridTemplateColumns: columns, columnGap: 10, rowGap: 3 }}>
      {shown.map(([label, value]) => (
        <Box key={label} style={{ display: "contents" }}>
          <Text component="dt" size="sm" c="dimmed">
            {label}
          </Text>
          <Text component="dd" m={0} size="sm" fw={500} style={{ overflowWrap: "anywhere" }}>
            {value}
          </Text>
        </Box>
      ))}
    </dl>
  );
}

export function CallerFields({ subject, number, attempt }: { subject: Subject; number?: string; attempt?: number }) {
  const { t } = useTranslation();
  const { dealer, subscriber } = subject;
  return (
    <Fields
      rows={[
        [t("field.dealer"), dealer && `${dealer.name} (${t([`dealer_kind.${dealer.kind}`, "dealer_kind.other"])})`],
        [t("field.shop"), dealer && [dealer.shop_code, dealer.shop_name].filter(Boolean).join(" · ")],
        [t("field.shop_address"), dealer?.shop_address],
        [t("field.channel"), dealer ? null : t(`channel.${subject.channel}`)],
        [t("field.company"), subject.company],
        [t("field.call"), number === undefined ? null : t("field.call_value", { number, attempt })],
        [t("field.msisdn"), <span className="figures">{subscriber.msisdn}</span>],
        [t("field.sub_type"), `${subscriber.sub_type} · ${t([`payment.${subscriber.payment}`, "payment.other"])}`],
        [t("field.customer_type"), t([`customer_type.${subscriber.customer_type}`, "customer_type.other"])],
        [t("field.rule"), `${t([`decision.${subject.decision}`, "decision.other"])} · ${t([`rule.${subject.rule.replaceAll(".", "_")}`, "rule.other"], { rule: subject.rule })}`],
      ]}
    />
  );
}

export function CustomerFields({ subject }: { subject: Subject }) {
  const { t } = useTranslation();
  const { customer } = subject;
  return (
    <Fields
      rows={[
        [t("field.full_name"), customer.full_name],
        [t("field.id_number"), <span className="figures">{customer.id_number}</span>],
        [t("field.date_of_birth"), <span className="figures">{paperDate(customer.date_of_birth)}</span>],
        [t("field.id_type"), t([`id_type.${customer.id_type}`, "id_type.other"])],
        [t("field.address"), customer.address],
      ]}
    />
  );
}

/** What was typed against what the card's code says. */
export function Comparison({ rows }: { rows: Compared[] }) {
  const { t } = useTranslation();
  if (rows.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        {t("compared.none")}
      </Text>
    );
  }
  const shown = (field: string, value: string | null): string => (value === null ? "–" : field === "date_of_birth" ? paperDate(value) : value);
  return (
    <Table verticalSpacing={3} horizontalSpacing={4} fz="sm">
      <Table.Tbody>
        {rows.map(({ field, typed, read, result }) => {
          const { color, Icon } = COMPARED[result];
          return (
            <Table.Tr key={field}>
              <Table.Td style={{ overflowWrap: "anywhere" }}>
                <Text size="xs" c="dimmed">
                  {t([`field.${field}`, "field.other"], { field })}
                </Text>
                <Text size="sm" fw={500}>
                  {shown(field, result === "not_assessed" ? typed : read)}
                </Text>
                {result === "differs" && (
                  <Text size="xs" c={`${color}.7`}>
                    {t("compared.typed", { typed: shown(field, typed) })}
                  </Text>
                )}
              </Table.Td>
              <Table.Td w={1} style={{ whiteSpace: "nowrap", verticalAlign: "top" }}>
                <Badge size="sm" miw="max-content" color={color} leftSection={<Icon size={11} />}>
                  {t(`compared.${result}`)}
                </Badge>
              </Table.Td>
            </Table.Tr>
          );
        })}
      </Table.Tbody>
    </Table>
  );
}

/** Earlier calls of the same verification; a caught fraudster calls again at once. */
export function Attempts({ attempts, none }: { attempts: Attempt[]; none: string }) {
  const { t, i18n } = useTranslation();
  if (attempts.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        {none}
      </Text>
    );
  }
  return (
    <Stack gap={6}>
      {attempts.map((attempt) => {
        const end = attempt.verdict ?? attempt.outcome;
        const look = end ? outcomeLook(end) : null;
        return (
          <Box key={attempt.attempt}>
            <Group gap={6}>
              <Text size="sm" fw={600} className="figures">
                {t("attempts.nth", { attempt: attempt.attempt })}
              </Text>
              {end && look && (
                <Badge size="sm" color={look.color} leftSection={<look.Icon size={11} />}>
                  {t(`outcome.${end}`)}
                </Badge>
              )}
              {attempt.fraud && (
                <Badge size="sm" color="red" variant="filled" leftSection={<IconFlag size={11} />}>
                  {t("fraud.flagged")}
                </Badge>
              )}
            </Group>
            <Text size="xs" c="dimmed">
              {[
                attempt.ended_at && `${hourAndMinute(attempt.ended_at, i18n.language)} ${date(attempt.ended_at, i18n.language)}`,
                attempt.agent,
                attempt.reason && t([`reason.${attempt.reason}`, "reason.other_code"], { reason: attempt.reason }),
              ]
                .filter(Boolean)
                .join(" · ")}
            </Text>
          </Box>
        );
      })}
    </Stack>
  );
}
