// Where one is signed in, each of it to be ended, and all at once.

import { Badge, Button, Group, Paper, Stack, Text } from "@mantine/core";
import { IconDeviceLaptop, IconLogout } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { dateAndTime } from "../common/format";
import { Waiting } from "../common/Waiting";
import { endSession, endSessions, type Kind, type Seen, sessions } from "./api";
import { Wrong } from "./Entry";

export function SessionList({ kind, onLeft }: { kind: Kind; onLeft: () => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const key = ["sessions", kind];
  const [sure, setSure] = useState(false);
  const { data, error } = useQuery({ queryKey: key, queryFn: () => sessions(kind), refetchInterval: 60_000 });
  const end = useMutation({ mutationFn: (id: string) => endSession(kind, id), onSettled: () => client.invalidateQueries({ queryKey: key }) });
  const leave = useMutation({ mutationFn: () => endSessions(kind), onSuccess: onLeft });
  if (error && !data) return <Wrong error={error} />;
  if (!data) return <Waiting sentence={t("account.asking_sessions")} />;
  return (
    <Stack>
      <Stack component="ul" gap="xs" p={0} m={0} style={{ listStyle: "none" }}>
        {data.map((session) => (
          <SessionRow key={session.id} session={session} ending={end.isPending && end.variables === session.id} onEnd={() => end.mutate(session.id)} />
        ))}
      </Stack>
      <Wrong error={end.error ?? leave.error} />
      {sure ? (
        <Group role="group" aria-label={t("account.sign_out_everywhere")}>
          <Text>{t("account.sure_everywhere")}</Text>
          <Button color="red" loading={leave.isPending} onClick={() => leave.mutate()} autoFocus>
            {t("account.sign_out_everywhere")}
          </Button>
          <Button variant="default" onClick={() => setSure(false)}>
            {t("cancel")}
          </Button>
        </Group>
      ) : (
        <Group>
          <Button variant="default" leftSection={<IconLogout size={16} />} onClick={() => setSure(true)}>
            {t("account.sign_out_everywhere")}
          </Button>
        </Group>
      )}
    </Stack>
  );
}

function SessionRow({ session, ending, onEnd }: { session: Seen; ending: boolean; onEnd: () => void }) {
  const { t, i18n } = useTranslation();
  const at = (instant: number): string => dateAndTime(instant, i18n.language);
  const browser = session.browser || t("account.unknown_browser");
  return (
    <Paper component="li" p="sm">
      <Group justify="space-between" gap="xs">
        <Group gap="sm" wrap="nowrap">
          <IconDeviceLaptop size={20} aria-hidden style={{ flexShrink: 0 }} />
          <div>
            <Group gap="xs">
              <Text fw={500}>{browser}</Text>
              {session.this && <Badge>{t("account.this_session")}</Badge>}
            </Group>
            <Text size="sm" c="dimmed" className="figures">
              {t("account.session_facts", { network: session.network || t("account.unknown_network"), since: at(session.created_at), seen: at(session.seen_at) })}
            </Text>
          </div>
        </Group>
        {!session.this && (
          <Button variant="default" size="xs" loading={ending} onClick={onEnd} aria-label={t("account.end_session_of", { browser })}>
            {t("account.end_session")}
          </Button>
        )}
      </Group>
    </Paper>
  );
}
