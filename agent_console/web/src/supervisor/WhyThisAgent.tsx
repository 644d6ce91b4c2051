// Why a call reached its agent: who could have been chosen at each offer, who not and why. Asked for by a press, because
// the server steps the team's day again for it and writes down who asked.

import { Badge, Button, Group, Paper, Stack, Text } from "@mantine/core";
import { IconAlertTriangle, IconDice5, IconZoomQuestion } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import type { TFunction } from "i18next";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { explanation } from "../common/api";
import { timeOfDay } from "../common/format";
import { problemSentence } from "../common/sentences";
import { Section } from "../common/SubjectDetails";
import type { CallExplanation, CaseCall, Offered, Waited } from "../common/types";
import { byReason, happened, nameOf } from "./why";

const MOST_NAMES = 12;

export function WhyThisAgent({ calls }: { calls: CaseCall[] }) {
  const { t } = useTranslation();
  return (
    <Paper p="md">
      <Section title={t("why.title")}>
        <Stack gap="sm">
          {calls.map((call) => (
            <OneCall key={call.id} call={call} />
          ))}
        </Stack>
      </Section>
    </Paper>
  );
}

function OneCall({ call }: { call: CaseCall }) {
  const { t } = useTranslation();
  const [asked, setAsked] = useState(false);
  const { data, error, isFetching, refetch } = useQuery({
    queryKey: ["explanation", call.id],
    queryFn: () => explanation(call.id),
    enabled: asked,
    staleTime: 30_000,
    retry: false,
  });
  return (
    <Stack gap={6}>
      <Group gap="xs">
        <Text size="sm" fw={500} className="figures">
          {t("why.call", { attempt: call.attempt, number: call.number })}
        </Text>
        {!data && (
          <Button
            size="compact-xs"
            variant="light"
            leftSection={<IconZoomQuestion size={14} />}
            loading={isFetching}
            onClick={() => (asked ? void refetch() : setAsked(true))}
          >
            {t(error ? "again" : "why.ask")}
          </Button>
        )}
      </Group>
      {error && !isFetching && (
        <Text size="sm" role="alert">
          {problemSentence(t, error)}
        </Text>
      )}
      {data && <Explained data={data} />}
    </Stack>
  );
}

function Explained({ data }: { data: CallExplanation }) {
  const { t } = useTranslation();
  const all = happened(data);
  return (
    <Stack gap={8} aria-live="polite">
      {!data.exact && (
        <Group gap={6} wrap="nowrap" align="flex-start">
          <IconAlertTriangle size={16} color="var(--mantine-color-orange-6)" style={{ flexShrink: 0, marginTop: 2 }} />
          <Text size="sm">{t("why.differs")}</Text>
        </Group>
      )}
      {all.length === 0 && (
        <Text size="sm" c="dimmed">
          {t("why.nothing")}
        </Text>
      )}
      {all.map((one) => ("offer" in one ? <Offer key={`offer ${one.offer}`} offer={one} /> : <Wait key={one.at} wait={one} />))}
    </Stack>
  );
}

const RESULTS = { accepted: "teal", declined: "orange", rang_out: "orange", agent_lost: "red", call_ended: "gray" } as const;

function Offer({ offer }: { offer: Offered }) {
  const { t } = useTranslation();
  const others = offer.candidates.filter((person) => person.id !== offer.agent.id);
  return (
    <div>
      <Group gap={6}>
        <Text size="sm">
          <At instant={offer.at} /> {t("why.offered", { agent: nameOf(offer.agent) })}
        </Text>
        <Badge color={offer.result ? RESULTS[offer.result] : "blue"}>{t(`why.result.${offer.result ?? "rings"}`)}</Badge>
        {offer.drawn_right === false && <Badge color="red">{t("why.not_drawn")}</Badge>}
      </Group>
      <Text size="xs" c="dimmed">
        {offer.strategy === "random" && offer.among > 1 && <IconDice5 size={13} style={{ verticalAlign: -2, marginRight: 4 }} aria-hidden />}
        {offer.among === 1 ? t("why.only") : t(`why.strategy.${offer.strategy}`, { agents: offer.among })}
        {others.length > 0 && ` ${t("why.others", { names: listed(t, others.map(nameOf)) })}`}
      </Text>
      {byReason(offer).map(({ reason, count, names }) => (
        <Text key={reason} size="xs" c="dimmed">
          {t([`why.reason.${reason}`, "why.reason.other"], { agents: count, reason })}
          {names.length > 0 && ` (${listed(t, names)})`}
        </Text>
      ))}
    </div>
  );
}

function Wait({ wait }: { wait: Waited }) {
  const { t } = useTranslation();
  const reasons = Object.entries(wait.reasons).map(([reason, count]) =>
    t([`why.reason.${reason}`, "why.reason.other"], { agents: count, reason }),
  );
  const held = wait.held.map((reason) => t([`held.${reason}`, "held.other"], { reason }));
  return (
    <div>
      <Text size="sm">
        <At instant={wait.at} /> {t("why.waits", { place: wait.place, queue: wait.queue })}
      </Text>
      {!wait.reachable && (
        <Text size="xs" c="dimmed">
          {t("why.unreachable")}
        </Text>
      )}
      {[...held, ...reasons].map((sentence) => (
        <Text key={sentence} size="xs" c="dimmed">
          {sentence}
        </Text>
      ))}
    </div>
  );
}

/** Names as a list, the first few of many. */
function listed(t: TFunction, names: string[]): string {
  const shown = names.slice(0, MOST_NAMES).join(", ");
  return names.length > MOST_NAMES ? t("why.more", { names: shown, more: names.length - MOST_NAMES }) : shown;
}

function At({ instant }: { instant: number }) {
  const { i18n } = useTranslation();
  return (
    <Text span size="xs" c="dimmed" className="figures">
      {timeOfDay(instant, i18n.language)}
    </Text>
  );
}
