// Asks for a reason before a press that needs one. Enter sends it, Esc takes it back, and so does the button that
// opened it: pressed again with a reason chosen, it sends.

import { Button, Group, NativeSelect, Paper, Text } from "@mantine/core";
import { type FormEvent, type KeyboardEvent, useState } from "react";
import { useTranslation } from "react-i18next";

interface Props {
  /** Of the form, so that the button outside can send it. */
  id: string;
  label: string;
  send: string;
  color: string;
  codes: readonly string[];
  busy: boolean;
  onSend: (reason: string) => void;
  onCancel: () => void;
}

export function ReasonForm({ id, label, send, color, codes, busy, onSend, onCancel }: Props) {
  const { t } = useTranslation();
  const [reason, setReason] = useState("");
  const [missing, setMissing] = useState(false);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setMissing(reason === "");
    if (reason !== "" && !busy) onSend(reason);
  };
  const onKeyDown = (event: KeyboardEvent<HTMLSelectElement>): void => {
    if (event.key !== "Enter" || reason === "") return;
    event.preventDefault();
    event.currentTarget.form?.requestSubmit();
  };
  return (
    <Paper p="sm" bg="var(--mantine-color-default-hover)">
      <form id={id} onSubmit={submit} noValidate>
        <NativeSelect
          data-testid="reason"
          name="reason"
          label={label}
          autoFocus
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          onKeyDown={onKeyDown}
          error={missing && reason === "" ? t("reason.choose_first") : undefined}
          data={[
            { value: "", label: t("reason.choose"), disabled: true },
            ...codes.map((code) => ({ value: code, label: t([`reason.${code}`, "reason.other_code"], { reason: code }) })),
          ]}
        />
        <Group gap="xs" mt="xs" justify="space-between">
          <Button type="submit" size="xs" color={color} loading={busy} data-testid="send-reason">
            {send}
          </Button>
          <Button size="xs" variant="subtle" color="gray" onClick={onCancel}>
            {t("cancel")}
          </Button>
        </Group>
        <Text size="xs" c="dimmed" mt={6}>
          {t("reason.keys")}
        </Text>
      </form>
    </Paper>
  );
}

/** What the button that opens a reason form does: open it, or send it where it is open already. */
export function openOrSend(id: string, open: boolean, setOpen: () => void): void {
  const form = open ? document.getElementById(id) : null;
  if (form instanceof HTMLFormElement) form.requestSubmit();
  else setOpen();
}
