// What was typed against what the card's code says; the empty fields are filled from it.

import { Badge, Button, Group, Loader, Stack, Text } from "@mantine/core";
import { IconAlertTriangle, IconCheck, IconQuestionMark, IconWand } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

import type { Compared } from "../api/ekyc";
import { isCompared, localDate, type FieldName } from "../details/form";
import classes from "./check.module.css";

interface CheckProps {
  /** Undefined before there is a picture to read, or while it is read. */
  readonly fields: readonly Compared[] | undefined;
  readonly phase: "nothing_yet" | "held" | "reading" | "failed" | "read";
  readonly change: (name: FieldName, value: string) => void;
}

export function Check({ fields, phase, change }: CheckProps) {
  const { t } = useTranslation();
  if (phase === "reading" && !fields) {
    return (
      <Group gap="xs" role="status">
        <Loader size="xs" />
        <Text size="sm">{t("check.reading")}</Text>
      </Group>
    );
  }
  if (!fields) {
    return (
      <Text size="sm" c="dimmed">
        {t(phase === "failed" || phase === "held" ? `check.${phase}` : "check.nothing_yet")}
      </Text>
    );
  }
  return (
    <Stack gap="xs" aria-live="polite">
      {fields.map((field) => (
        <Row key={field.field} compared={field} change={change} />
      ))}
      {fields.every(({ result }) => result === "not_assessed") && (
        <Text size="sm" c="dimmed">
          {t("check.unreadable")}
        </Text>
      )}
    </Stack>
  );
}

function Row({ compared, change }: { readonly compared: Compared; readonly change: CheckProps["change"] }) {
  const { t } = useTranslation();
  const { field, read, result } = compared;
  const take = read !== null && result === "differs" && isCompared(field) ? () => change(field, localDate(read)) : null;
  return (
    <div className={classes.row}>
      <Group gap="xs" justify="space-between" wrap="nowrap">
        <Text size="sm" c="dimmed">
          {t(`field.${field}`)}
        </Text>
        <Result result={result} />
      </Group>
      {result === "differs" ? <Both compared={compared} /> : <Text>{read === null ? t("check.not_read") : localDate(read)}</Text>}
      {take && (
        <Button size="compact-md" variant="default" leftSection={<IconWand size={16} />} onClick={take} mr="auto">
          {t("check.take")}
        </Button>
      )}
    </div>
  );
}

function Both({ compared: { typed, read } }: { readonly compared: Compared }) {
  const { t } = useTranslation();
  return (
    <dl>
      <Text component="dt" size="sm">
        {t("check.typed")}
      </Text>
      <Text component="dd" fw={500}>
        {localDate(typed) || t("check.nothing_typed")}
      </Text>
      <Text component="dt" size="sm">
        {t("check.on_card")}
      </Text>
      <Text component="dd" fw={500}>
        {localDate(read ?? "")}
      </Text>
    </dl>
  );
}

const LOOKS = {
  match: { color: "teal", icon: <IconCheck size={14} /> },
  differs: { color: "red", icon: <IconAlertTriangle size={14} /> },
  not_assessed: { color: "gray", icon: <IconQuestionMark size={14} /> },
} as const;

function Result({ result }: { readonly result: Compared["result"] }) {
  const { t } = useTranslation();
  const { color, icon } = LOOKS[result];
  return (
    <Badge size="lg" variant="light" tt="none" color={color} leftSection={icon}>
      {t(`check.${result}`)}
    </Badge>
  );
}
