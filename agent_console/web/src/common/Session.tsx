// Who is signed in on this browser: asked once, and a form where nobody is.

import { Alert, Anchor, Box, Button, Center, Group, Loader, Paper, PasswordInput, Stack, Text, TextInput, Title } from "@mantine/core";
import { IconAlertCircle } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, type FormEvent, type ReactNode, useContext } from "react";
import { useTranslation } from "react-i18next";

import { currentMember, signIn, signOut } from "./api";
import { LanguageSwitch, SchemeSwitch } from "./Bar";
import icon from "./icon.svg";
import { problemSentence } from "./sentences";
import type { Me, Role } from "./types";

const KEY = ["me"];
const MeContext = createContext<Me | null>(null);

/** Who is signed in; only below `SignedIn`. */
export function useMe(): Me {
  const me = useContext(MeContext);
  if (!me) throw new Error("useMe stands outside of SignedIn");
  return me;
}

/** Ends the session and shows the form. */
export function useSignOut(): () => void {
  const client = useQueryClient();
  const leave = useMutation({
    mutationFn: signOut,
    // Another person may sit down next: nothing that was read for this one may stay.
    onSettled: () => {
      client.clear();
      client.setQueryData(KEY, null);
    },
  });
  return leave.mutate;
}

/** To be called when the server says that the session has ended. */
export function useSessionEnded(): () => void {
  const client = useQueryClient();
  return () => void client.invalidateQueries({ queryKey: KEY });
}

/** Its children, once somebody of one of these roles has signed in. */
export function SignedIn({ roles, children }: { roles: readonly Role[]; children: ReactNode }) {
  const { t } = useTranslation();
  const { data: me, error, refetch } = useQuery({ queryKey: KEY, queryFn: currentMember, staleTime: Infinity });
  if (error && me === undefined) return <Unreachable sentence={problemSentence(t, error)} retry={() => void refetch()} />;
  if (me === undefined) return <Waiting sentence={t("session.asking")} />;
  if (me === null) return <SignInForm />;
  if (!roles.includes(me.role)) return <WrongPage me={me} />;
  return (
    <MeContext key={me.id} value={me}>
      {children}
    </MeContext>
  );
}

/** A spinner with a word of what is waited for. */
export function Waiting({ sentence }: { sentence: string }) {
  return (
    <Center mih={200} h="100%" role="status">
      <Stack align="center" gap="xs">
        <Loader size="sm" />
        <Text c="dimmed">{sentence}</Text>
      </Stack>
    </Center>
  );
}

function Unreachable({ sentence, retry }: { sentence: string; retry: () => void }) {
  const { t } = useTranslation();
  return (
    <Center component="main" h="100%">
      <Stack align="center" maw={420} ta="center">
        <Text>{sentence}</Text>
        <Button onClick={retry}>{t("again")}</Button>
      </Stack>
    </Center>
  );
}

function SignInForm() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const enter = useMutation({
    mutationFn: (form: FormData) => signIn(String(form.get("username")).trim(), String(form.get("password"))),
    onSuccess: (me) => client.setQueryData(KEY, me),
  });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    if (!enter.isPending) enter.mutate(new FormData(event.currentTarget));
  };
  return (
    <Box h="100%" style={{ display: "flex", flexDirection: "column" }}>
      <Group component="header" justify="flex-end" p="md" gap={6}>
        <LanguageSwitch />
        <SchemeSwitch />
      </Group>
      <Center component="main" flex={1} pb={80}>
        <Paper p="xl" w={380} shadow="xs">
          <form onSubmit={submit}>
            <Stack>
              <Group gap="sm">
                <img src={icon} width={34} height={34} alt="" />
                <div>
                  <Title order={1} size="h3">
                    {t("session.title")}
                  </Title>
                  <Text c="dimmed" size="sm">
                    {t("session.subtitle")}
                  </Text>
                </div>
              </Group>
              <TextInput name="username" label={t("session.username")} autoComplete="username" required autoFocus />
              <PasswordInput
                name="password"
                label={t("session.password")}
                autoComplete="current-password"
                required
                visibilityToggleButtonProps={{ "aria-label": t("session.show_password") }}
              />
              {enter.error && (
                <Alert color="red" icon={<IconAlertCircle />} role="alert">
                  {problemSentence(t, enter.error)}
                </Alert>
              )}
              <Button type="submit" size="md" loading={enter.isPending}>
                {t("session.sign_in")}
              </Button>
            </Stack>
          </form>
        </Paper>
      </Center>
    </Box>
  );
}

function WrongPage({ me }: { me: Me }) {
  const { t } = useTranslation();
  const leave = useSignOut();
  const page = me.role === "agent" ? "/agent" : "/supervisor";
  return (
    <Center component="main" h="100%">
      <Stack align="center" maw={460} ta="center">
        <Title order={1} size="h5" fw={500}>
          {t("session.wrong_page", { name: me.full_name, role: t(`role.${me.role}`) })}
        </Title>
        <Group>
          <Anchor href={page}>{t("session.go_to", { page })}</Anchor>
          <Button variant="default" onClick={leave}>
            {t("bar.sign_out")}
          </Button>
        </Group>
      </Stack>
    </Center>
  );
}
