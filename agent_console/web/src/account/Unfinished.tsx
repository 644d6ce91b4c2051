// What is left to be done after the right password: the second step, a second factor to be set up, a password to choose.

import { Anchor, Button, Center, Stack, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import { Waiting } from "../common/Waiting";
import { problemSentence } from "../common/sentences";
import { type Enrolled, type Kind, type Own, ownAccount, signOut } from "./api";
import { ChoosePassword } from "./ChoosePassword";
import { Entry } from "./Entry";
import { FactorSetup } from "./FactorSetup";
import { RecoveryCodes } from "./RecoveryCodes";
import { SecondStep } from "./SecondStep";

/** Under which the account is kept that was read last. */
export const accountKey = (kind: Kind): string[] => ["account", kind];

/** `onDone` is called once nothing is left, and where the session has ended meanwhile. */
export function Unfinished({ kind, onDone }: { kind: Kind; onDone: () => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [codes, setCodes] = useState<string[]>([]);
  const { data: own, error, refetch } = useQuery({ queryKey: accountKey(kind), queryFn: () => ownAccount(kind), staleTime: 0 });
  const over = own === null || (own !== undefined && own.pending === null && codes.length === 0);
  useEffect(() => {
    if (over) onDone();
  }, [over, onDone]);
  const leave = useMutation({ mutationFn: () => signOut(kind), onSettled: () => client.setQueryData(accountKey(kind), null) });
  const took = (known: Own): void => void client.setQueryData(accountKey(kind), known);
  const enrolled = (made: Enrolled): void => {
    setCodes(made.recovery_codes);
    took(made.account);
  };
  if (error && own === undefined) return <Failed sentence={problemSentence(t, error)} retry={() => void refetch()} />;
  if (!own || over) return <Waiting sentence={t("session.asking")} />;
  const step = codes.length ? "recovery_codes" : own.pending;
  return (
    <Entry title={t(`account.step.${step}`)} subtitle={own.username}>
      <Stack>
        {step === "enrolment" && <Text size="sm">{t("account.role_needs_factor")}</Text>}
        {step === "password" && <Text size="sm">{t("account.password_was_drawn")}</Text>}
        {step === "recovery_codes" && <RecoveryCodes codes={codes} onKept={() => setCodes([])} />}
        {step === "second_factor" && <SecondStep kind={kind} own={own} onShown={took} />}
        {step === "enrolment" && <FactorSetup kind={kind} own={own} onEnrolled={enrolled} />}
        {step === "password" && <ChoosePassword kind={kind} username={own.username} onChanged={took} autoFocus />}
        {step !== "recovery_codes" && (
          <Anchor component="button" type="button" c="dimmed" onClick={() => leave.mutate()}>
            {t("account.other_account")}
          </Anchor>
        )}
      </Stack>
    </Entry>
  );
}

function Failed({ sentence, retry }: { sentence: string; retry: () => void }) {
  const { t } = useTranslation();
  return (
    <Center component="main" h="100%">
      <Stack align="center" maw={420} ta="center">
        <Text role="alert">{sentence}</Text>
        <Button onClick={retry}>{t("again")}</Button>
      </Stack>
    </Center>
  );
}
