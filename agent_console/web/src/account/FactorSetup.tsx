// A second factor is set up: an authenticator app by its QR code, or a passkey by the browser.

import { Button, Code, Group, Stack, Text, TextInput } from "@mantine/core";
import { IconDeviceMobile, IconKey } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";

import { addPasskey, type AppSecret, beginApp, browserHasPasskeys, confirmApp, type Enrolled, type Kind, type Own } from "./api";
import { Secret, Wrong } from "./Entry";

interface Props {
  kind: Kind;
  own: Own;
  onEnrolled: (made: Enrolled) => void;
}

export function FactorSetup({ kind, own, onEnrolled }: Props) {
  const { t } = useTranslation();
  const [secret, setSecret] = useState<AppSecret | null>(null);
  const asksPassword = own.pending === null;
  const passkeys = own.passkeys_available && browserHasPasskeys();
  const begin = useMutation({
    mutationFn: async ([factor, password]: [string, string]) => {
      if (factor === "passkey") onEnrolled(await addPasskey(kind, password, t("account.passkey")));
      else setSecret(await beginApp(kind, password));
    },
  });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const chosen = (event.nativeEvent as SubmitEvent).submitter?.getAttribute("value") ?? "app";
    if (!begin.isPending) begin.mutate([chosen, String(new FormData(event.currentTarget).get("password") ?? "")]);
  };
  if (secret) return <AppSetup kind={kind} secret={secret} onEnrolled={onEnrolled} />;
  const chosen = begin.isPending ? begin.variables[0] : null;
  return (
    <form onSubmit={submit}>
      <Stack>
        {asksPassword && <Secret name="password" label={t("account.confirm_password")} autoComplete="current-password" />}
        <Group>
          <Button type="submit" name="factor" value="app" variant="default" leftSection={<IconDeviceMobile size={18} />} loading={chosen === "app"}>
            {t("account.set_up_app")}
          </Button>
          {passkeys && (
            <Button type="submit" name="factor" value="passkey" variant="default" leftSection={<IconKey size={18} />} loading={chosen === "passkey"}>
              {t("account.set_up_passkey")}
            </Button>
          )}
        </Group>
        {!passkeys && (
          <Text size="sm" c="dimmed">
            {t(own.passkeys_available ? "account.passkeys_need_browser" : "account.passkeys_need_name")}
          </Text>
        )}
        <Wrong error={begin.error} confirming />
      </Stack>
    </form>
  );
}

function AppSetup({ kind, secret, onEnrolled }: { kind: Kind; secret: AppSecret; onEnrolled: (made: Enrolled) => void }) {
  const { t } = useTranslation();
  const confirm = useMutation({
    mutationFn: ([code, name]: [string, string]) => confirmApp(kind, code.replaceAll(" ", ""), name),
    onSuccess: onEnrolled,
  });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    if (!confirm.isPending) confirm.mutate([String(form.get("code")), String(form.get("name")).trim()]);
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <Text size="sm">{t("account.scan")}</Text>
        <img src={secret.picture} width={196} height={196} alt={t("account.qr_code")} style={{ background: "white", alignSelf: "center" }} />
        <Text size="sm">{t("account.type_instead")}</Text>
        <Code block style={{ wordBreak: "break-all", whiteSpace: "normal" }}>
          {secret.secret.replace(/(.{4})(?=.)/g, "$1 ")}
        </Code>
        <TextInput name="name" label={t("account.factor_name")} defaultValue={t("account.app")} maxLength={60} required />
        <TextInput
          name="code"
          label={t("account.app_code")}
          description={t("account.app_code_hint")}
          inputMode="numeric"
          autoComplete="one-time-code"
          maxLength={8}
          required
          autoFocus
        />
        <Wrong error={confirm.error} />
        <Button type="submit" size="md" loading={confirm.isPending}>
          {t("account.finish_setup")}
        </Button>
      </Stack>
    </form>
  );
}
