// Name and password.

import { Button, Stack, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import type { FormEvent, ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { Entry, Secret, Wrong } from "./Entry";

interface Props<Who> {
  signIn: (username: string, password: string) => Promise<Who>;
  onSignedIn: (who: Who) => void;
  /** What stands above the name. */
  children?: ReactNode;
}

export function SignInForm<Who>({ signIn, onSignedIn, children }: Props<Who>) {
  const { t } = useTranslation();
  const enter = useMutation({
    mutationFn: (form: FormData) => signIn(String(form.get("username")).trim(), String(form.get("password"))),
    onSuccess: onSignedIn,
  });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    if (!enter.isPending) enter.mutate(new FormData(event.currentTarget));
  };
  return (
    <Entry title={t("session.title")} subtitle={t("session.subtitle")}>
      <form onSubmit={submit}>
        <Stack>
          {children}
          <TextInput name="username" label={t("session.username")} autoComplete="username" required autoFocus />
          <Secret name="password" label={t("session.password")} autoComplete="current-password" />
          <Wrong error={enter.error} />
          <Button type="submit" size="md" loading={enter.isPending}>
            {t("session.sign_in")}
          </Button>
        </Stack>
      </form>
    </Entry>
  );
}
