// The page /account: one's own password, second factors and sessions, for staff and dealers.

import { Anchor, Box, Button, Container, Group, Paper, SegmentedControl, Stack, Text, Title } from "@mantine/core";
import { IconLogout } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useCallback, useState } from "react";
import { useTranslation } from "react-i18next";

import { LanguageSwitch, SchemeSwitch } from "../common/Bar";
import icon from "../common/icon.svg";
import { Waiting } from "../common/Waiting";
import { type Kind, type Own, ownAccount, signIn, signOut } from "./api";
import { ChoosePassword } from "./ChoosePassword";
import { Wrong } from "./Entry";
import { FactorList } from "./FactorList";
import { SessionList } from "./SessionList";
import { SignInForm } from "./SignInForm";
import { accountKey, Unfinished } from "./Unfinished";

const HOME: Record<string, string> = { agent: "/agent", supervisor: "/supervisor", administrator: "/supervisor", dealer: "/ekyc" };

export function AccountApp() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [kind, setKind] = useState<Kind>(new URLSearchParams(location.search).get("kind") === "dealer" ? "dealer" : "staff");
  const { data: own, error } = useQuery({ queryKey: accountKey(kind), queryFn: () => ownAccount(kind), staleTime: 60_000 });
  const took = (known: Own | null): void => void client.setQueryData(accountKey(kind), known);
  const done = useCallback(() => void client.invalidateQueries({ queryKey: accountKey(kind) }), [client, kind]);
  if (error && own === undefined) return <Wrong error={error} />;
  if (own === undefined) return <Waiting sentence={t("session.asking")} />;
  if (own === null)
    return (
      <SignInForm key={kind} signIn={(username, password) => signIn(kind, username, password)} onSignedIn={took}>
        <SegmentedControl
          fullWidth
          aria-label={t("account.who")}
          value={kind}
          onChange={(chosen) => setKind(chosen as Kind)}
          data={(["staff", "dealer"] as const).map((value) => ({ value, label: t(`account.kind.${value}`) }))}
        />
      </SignInForm>
    );
  if (own.pending) return <Unfinished kind={kind} onDone={done} />;
  return <OwnPage kind={kind} own={own} took={took} />;
}

function OwnPage({ kind, own, took }: { kind: Kind; own: Own; took: (own: Own | null) => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  // Another person may sit down next: nothing that was read for this one may stay.
  const left = (): void => {
    client.removeQueries({ queryKey: ["sessions", kind] });
    took(null);
  };
  const leave = useMutation({ mutationFn: () => signOut(kind), onSettled: left });
  return (
    <Container size="sm" py="md">
      <Group component="header" justify="space-between" mb="lg">
        <Group gap={8} wrap="nowrap">
          <img src={icon} width={24} height={24} alt="" />
          <Title order={1} size="h3">
            {t("account.title")}
          </Title>
        </Group>
        <Group gap={6}>
          <LanguageSwitch />
          <SchemeSwitch />
          <Button variant="default" size="xs" leftSection={<IconLogout size={14} />} loading={leave.isPending} onClick={() => leave.mutate()}>
            {t("bar.sign_out")}
          </Button>
        </Group>
      </Group>
      <Stack component="main" gap="md">
        <Box>
          <Text fw={600} size="lg">
            {own.full_name}
          </Text>
          <Text c="dimmed">
            {own.username} · {t(`role.${own.role}`)}
            {own.company && ` · ${own.company}`} · <Anchor href={HOME[own.role] ?? "/"} underline="always">{t("account.to_work")}</Anchor>
          </Text>
        </Box>
        <Section title={t("account.second_factor")}>
          <FactorList kind={kind} own={own} onChanged={took} />
        </Section>
        <Section title={t("account.sessions")}>
          <SessionList kind={kind} onLeft={left} />
        </Section>
        <Section title={t("session.password")}>
          <ChoosePassword kind={kind} username={own.username} onChanged={took} />
        </Section>
      </Stack>
    </Container>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Paper component="section" p={{ base: "sm", xs: "lg" }} aria-label={title}>
      <Title order={2} size="h5" mb="sm">
        {title}
      </Title>
      {children}
    </Paper>
  );
}
