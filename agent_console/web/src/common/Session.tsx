// Who is signed in on this browser: asked once, and a form where nobody is.

import { Anchor, Button, Center, Group, Stack, Text, Title } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useCallback, useContext } from "react";
import { useTranslation } from "react-i18next";

import { SignInForm } from "../account/SignInForm";
import { Unfinished } from "../account/Unfinished";
import { currentMember, signIn, signOut } from "./api";
import { problemSentence } from "./sentences";
import type { Me, Role } from "./types";
import { Waiting } from "./Waiting";

export { Waiting };

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
    // Another person may sit down next: nothing that was read for this one may stay. What says who is signed in is set and
    // not removed, since the page is listening to it.
    onSettled: () => {
      client.setQueryData(KEY, null);
      client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== KEY[0] });
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
  const client = useQueryClient();
  const took = (known: Me): void => void client.setQueryData(KEY, known);
  const finished = useCallback(() => void client.invalidateQueries({ queryKey: KEY }), [client]);
  const { data: me, error, refetch } = useQuery({ queryKey: KEY, queryFn: currentMember, staleTime: Infinity });
  if (error && me === undefined) return <Unreachable sentence={problemSentence(t, error)} retry={() => void refetch()} />;
  if (me === undefined) return <Waiting sentence={t("session.asking")} />;
  if (me === null) return <SignInForm signIn={signIn} onSignedIn={took} />;
  if (me.pending) return <Unfinished kind="staff" onDone={finished} />;
  if (!roles.includes(me.role)) return <WrongPage me={me} />;
  return (
    <MeContext key={me.id} value={me}>
      {children}
    </MeContext>
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
