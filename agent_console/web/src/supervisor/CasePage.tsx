// One verification as one page: who, the pictures, everything that happened, the decision, what the client was told,
// and what a supervisor thinks of it.

import { Anchor, Badge, Box, Button, Group, Paper, Stack, Text, Title } from "@mantine/core";
import { IconArrowLeft, IconFlag } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { verification as readCase } from "../common/api";
import { dateAndTime } from "../common/format";
import { outcomeLook } from "../common/looks";
import { problemSentence } from "../common/sentences";
import { Waiting } from "../common/Session";
import { Attempts, CallerFields, Comparison, CustomerFields, Fields, Section } from "../common/SubjectDetails";
import type { Case, CaseVerdict } from "../common/types";
import { link, NO_FILTERS } from "./address";
import { CasePictures } from "./CasePictures";
import { CaseTimeline } from "./CaseTimeline";
import { Deliveries } from "./Deliveries";
import { Recordings } from "./recording/Recordings";
import { Reviews } from "./Reviews";
import { StateBadge } from "./VerificationList";
import { WhyThisAgent } from "./WhyThisAgent";

export function CasePage({ id }: { id: string }) {
  const { t } = useTranslation();
  const { data, error, refetch } = useQuery({ queryKey: ["case", id], queryFn: () => readCase(id), staleTime: 30_000 });
  if (error) {
    return (
      <Stack align="flex-start">
        <Text role="alert">{problemSentence(t, error)}</Text>
        <Group>
          <Button size="xs" onClick={() => void refetch()}>
            {t("again")}
          </Button>
          <BackToList />
        </Group>
      </Stack>
    );
  }
  if (!data) return <Waiting sentence={t("case.loading")} />;
  return <Shown data={data} />;
}

function BackToList() {
  const { t } = useTranslation();
  return (
    <Anchor size="sm" {...link({ view: "list", filters: NO_FILTERS })}>
      <IconArrowLeft size={14} style={{ verticalAlign: -2 }} /> {t("case.back")}
    </Anchor>
  );
}

const grid = { display: "grid", gridTemplateColumns: "minmax(250px, 330px) minmax(0, 1fr) minmax(270px, 340px)", gap: 14, alignItems: "start" } as const;

function Shown({ data }: { data: Case }) {
  const { t } = useTranslation();
  const fraud = data.verdicts.some((verdict) => verdict.fraud);
  return (
    <Stack gap="sm">
      <Group>
        <BackToList />
        <Title order={1} size="h4">
          {data.customer.full_name}
        </Title>
        <Text c="dimmed" className="figures">
          {data.subscriber.msisdn} · {data.external_ref}
        </Text>
        <StateBadge state={data.state} size="lg" />
        {fraud && (
          <Badge size="lg" color="red" variant="filled" leftSection={<IconFlag size={13} />}>
            {t("fraud.flagged")}
          </Badge>
        )}
      </Group>
      <Box style={grid}>
        <Who data={data} />
        <Stack gap="sm">
          <CasePictures data={data} />
          <Recordings data={data} />
          <Paper p="md">
            <Section title={t("case.timeline")}>
              <CaseTimeline data={data} />
            </Section>
          </Paper>
          {data.calls.length > 0 && <WhyThisAgent calls={data.calls} />}
        </Stack>
        <Stack gap="sm">
          <Decisions verdicts={data.verdicts} />
          <Reviews id={data.id} reviews={data.reviews} decided={data.verdicts.length > 0} />
          <Deliveries deliveries={data.deliveries} client={data.client} />
        </Stack>
      </Box>
    </Stack>
  );
}

function Who({ data }: { data: Case }) {
  const { t, i18n } = useTranslation();
  return (
    <Paper p="md">
      <Stack gap="md">
        <Section title={t("section.customer")}>
          <CustomerFields subject={data} />
        </Section>
        <Section title={t("section.caller")}>
          <CallerFields subject={data} />
        </Section>
        <Section title={t("section.comparison")}>
          <Comparison rows={data.comparison} />
        </Section>
        <Section title={t("case.dossier")}>
          <Fields
            rows={[
              [t("list.created"), dateAndTime(data.created_at, i18n.language)],
              [t("case.expires"), dateAndTime(data.expires_at, i18n.language)],
              [
                t("case.consent"),
                data.consent ? t("case.consent_value", { version: data.consent.version, at: dateAndTime(data.consent.at, i18n.language) }) : t("case.no_consent"),
              ],
              [t("case.client"), data.client],
            ]}
          />
        </Section>
        <Section title={t("section.attempts_all")}>
          <Attempts attempts={data.attempts} none={t("attempts.none_all")} />
        </Section>
      </Stack>
    </Paper>
  );
}

function Decisions({ verdicts }: { verdicts: CaseVerdict[] }) {
  const { t } = useTranslation();
  return (
    <Paper p="md">
      <Section title={t("case.decision")}>
        {verdicts.length === 0 && (
          <Text size="sm" c="dimmed">
            {t("case.no_decision")}
          </Text>
        )}
        <Stack gap="md">
          {verdicts.map((verdict) => (
            <Decision key={verdict.call} verdict={verdict} />
          ))}
        </Stack>
      </Section>
    </Paper>
  );
}

function Decision({ verdict }: { verdict: CaseVerdict }) {
  const { t, i18n } = useTranslation();
  const { color, Icon } = outcomeLook(verdict.verdict);
  const at = (instant: number): string => dateAndTime(instant, i18n.language);
  return (
    <Stack gap={6}>
      <Group gap={6}>
        <Badge size="lg" color={color} leftSection={<Icon size={14} />}>
          {t(`outcome.${verdict.verdict}`)}
        </Badge>
        {verdict.late && <Badge color="gray">{t("case.late")}</Badge>}
      </Group>
      <Fields
        rows={[
          [t("field.agent"), verdict.agent],
          [t("case.reason"), verdict.reason && t([`reason.${verdict.reason}`, "reason.other_code"], { reason: verdict.reason })],
          [t("case.pressed"), at(verdict.pressed_at)],
          [t("case.frame"), at(verdict.frame_at)],
          [t("case.decided"), at(verdict.decided_at)],
          [t("note.label"), verdict.note],
        ]}
      />
    </Stack>
  );
}
