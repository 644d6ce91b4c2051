// The second step of signing in: a code of the app, a passkey, or a code on paper.

import { Anchor, Button, Divider, Stack, TextInput } from "@mantine/core";
import { IconKey } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";

import { browserHasPasskeys, type Kind, type Own, showCode, showPasskey } from "./api";
import { Wrong } from "./Entry";

export function SecondStep({ kind, own, onShown }: { kind: Kind; own: Own; onShown: (own: Own) => void }) {
  const { t } = useTranslation();
  const [paper, setPaper] = useState(false);
  const has = (factor: string): boolean => own.factors.some((each) => each.kind === factor);
  const passkeys = has("passkey") && own.passkeys_available && browserHasPasskeys();
  const types = paper || has("totp");
  const show = useMutation({
    mutationFn: (typed: string | null) => {
      if (typed === null) return showPasskey(kind);
      return showCode(kind, paper ? { recovery_code: typed } : { code: typed.replaceAll(" ", "") });
    },
    onSuccess: onShown,
  });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    if (!show.isPending) show.mutate(String(new FormData(event.currentTarget).get("code")));
  };
  const change = (): void => {
    show.reset();
    setPaper(!paper);
  };
  return (
    <Stack>
      {passkeys && (
        <Button size="md" leftSection={<IconKey size={18} />} loading={show.isPending && show.variables === null} onClick={() => show.mutate(null)}>
          {t("account.use_passkey")}
        </Button>
      )}
      {passkeys && types && <Divider label={t("account.or")} />}
      {types && (
        <form onSubmit={submit}>
          <Stack>
            <TextInput
              key={String(paper)}
              name="code"
              label={t(paper ? "account.recovery_code" : "account.app_code")}
              description={t(paper ? "account.recovery_code_hint" : "account.app_code_hint")}
              inputMode={paper ? "text" : "numeric"}
              autoComplete={paper ? "off" : "one-time-code"}
              maxLength={paper ? 60 : 8}
              required
              autoFocus
            />
            <Button type="submit" size="md" variant={passkeys ? "default" : "filled"} loading={show.isPending && show.variables !== null}>
              {t("account.go_on")}
            </Button>
          </Stack>
        </form>
      )}
      <Wrong error={show.error} />
      {(has("totp") || passkeys || !paper) && (
        <Anchor component="button" type="button" onClick={change}>
          {t(paper ? "account.use_factor" : "account.use_recovery_code")}
        </Anchor>
      )}
    </Stack>
  );
}
