// A new password: the present one, and the chosen one twice.

import { Button, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";

import { changePassword, type Kind, type Own } from "./api";
import { Secret, Wrong } from "./Entry";

interface Props {
  kind: Kind;
  username: string;
  onChanged: (own: Own) => void;
  autoFocus?: boolean;
}

export function ChoosePassword({ kind, username, onChanged, autoFocus = false }: Props) {
  const { t } = useTranslation();
  const [differs, setDiffers] = useState(false);
  const change = useMutation({
    mutationFn: ([current, chosen]: [string, string]) => changePassword(kind, current, chosen),
    onSuccess: onChanged,
  });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = event.currentTarget;
    const [current, chosen, again] = ["current", "chosen", "again"].map((name) => String(new FormData(form).get(name)));
    setDiffers(chosen !== again);
    if (chosen === again && !change.isPending) change.mutate([current ?? "", chosen ?? ""], { onSuccess: () => form.reset() });
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        {/* So that the browser's keeper of passwords knows whose this is. */}
        <input hidden readOnly name="username" autoComplete="username" value={username} />
        <Secret name="current" label={t("account.current_password")} autoComplete="current-password" autoFocus={autoFocus} />
        <Secret
          name="chosen"
          label={t("account.new_password")}
          description={t("account.password_advice")}
          autoComplete="new-password"
          minLength={12}
          maxLength={256}
        />
        <Secret name="again" label={t("account.new_password_again")} autoComplete="new-password" error={differs && t("account.passwords_differ")} />
        <Wrong error={change.error} confirming />
        <Button type="submit" size="md" loading={change.isPending}>
          {t("account.change_password")}
        </Button>
        {change.isSuccess && (
          <Text role="status" c="teal" fw={500}>
            {t("account.password_changed")}
          </Text>
        )}
      </Stack>
    </form>
  );
}
