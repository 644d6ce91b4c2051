// A call rings: who calls and what was tried before stand there before it is accepted.

import { Alert, Badge, Box, Button, Group, Kbd, Overlay, Paper, RingProgress, ScrollArea, Stack, Text, Title } from "@mantine/core";
import { IconAlertTriangle, IconPhone, IconPhoneOff, IconVolumeOff } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { dossier as readDossier } from "../common/api";
import { secondsUntil } from "../common/format";
import { useNow } from "../common/now";
import { answerSentence, problemSentence } from "../common/sentences";
import { Waiting } from "../common/Session";
import { Attempts, CallerFields, CustomerFields, Section } from "../common/SubjectDetails";
import { useAttention } from "./attention";
import { useConsole, usePress } from "./context";
import { isField, useKeys } from "./keys";
import { openOrSend, ReasonForm } from "./ReasonForm";
import type { RingSound } from "./ring-sound";

const FORM = "decline-reason";

export function Ring({ sound }: { sound: RingSound }) {
  const { t } = useTranslation();
  const { view, codes } = useConsole();
  const offer = view.offer;
  const { busy, refused, press } = usePress();
  const [declining, setDeclining] = useState(false);
  const card = useRef<HTMLDivElement>(null);
  useAttention(sound, offer?.number ?? "");
  // A screen reader begins to read the card, and Enter is no longer the key of the button that had the focus before. Out
  // of a field the focus is not taken: an Enter that was meant for the field would accept the call.
  useEffect(() => {
    if (!isField(document.activeElement)) card.current?.focus();
  }, []);
  const accept = (): void => {
    if (offer && !busy) void press("offer.accept", { call: offer.call, offer: offer.offer });
  };
  useKeys({
    Enter: (event) => {
      if (event.target instanceof Element && event.target.closest("[data-ring] button")) return;
      event.preventDefault();
      // Whoever has begun to decline does not mean "accept" by a key that sends forms.
      if (declining) openOrSend(FORM, true, () => undefined);
      else accept();
    },
    Escape: (event) => {
      event.preventDefault();
      setDeclining((now) => !now);
    },
  });
  if (!offer) return null;
  return (
    <>
      <Overlay fixed backgroundOpacity={0.45} zIndex={200} />
      <Box pos="fixed" inset={0} style={{ zIndex: 201, display: "grid", placeItems: "center", pointerEvents: "none" }}>
        <Paper
          ref={card}
          data-testid="incoming-call"
          data-ring
          role="alertdialog"
          aria-labelledby="ring-title"
          tabIndex={-1}
          p="lg"
          w={640}
          mah="calc(100vh - 32px)"
          shadow="xl"
          style={{ pointerEvents: "auto", outline: "none", display: "flex", flexDirection: "column" }}
        >
          <Group wrap="nowrap" mb="md">
            <Countdown since={offer.started_at} until={offer.deadline} />
            <Box flex={1}>
              <Title order={1} size="h3" id="ring-title">
                {t("ring.title")}
              </Title>
              <Text c="dimmed" className="figures">
                {t("field.call_value", { number: offer.number, attempt: offer.attempt })}
              </Text>
            </Box>
            {offer.attempt > 1 && (
              <Badge size="lg" color="orange" leftSection={<IconAlertTriangle size={14} />}>
                {t("attempts.nth", { attempt: offer.attempt })}
              </Badge>
            )}
          </Group>
          <ScrollArea.Autosize mah="52vh" type="auto">
            <OfferDetails call={offer.call} />
          </ScrollArea.Autosize>
          <Stack gap="xs" mt="md">
            {!sound.unlocked && (
              <Text size="sm" c="dimmed">
                <IconVolumeOff size={14} style={{ verticalAlign: -2 }} /> {t("ring.silent")}
              </Text>
            )}
            {refused && (
              <Alert color="orange" py={8} role="alert">
                {answerSentence(t, refused)}
              </Alert>
            )}
            {declining && (
              <ReasonForm
                id={FORM}
                label={t("ring.why")}
                send={t("ring.decline")}
                color="red"
                codes={codes.decline}
                busy={busy === "offer.decline"}
                onSend={(reason) => void press("offer.decline", { call: offer.call, offer: offer.offer, reason })}
                onCancel={() => setDeclining(false)}
              />
            )}
            <Group grow>
              <Button
                data-testid="accept"
                size="lg"
                leftSection={<IconPhone size={20} />}
                rightSection={!declining && <Kbd>Enter</Kbd>}
                loading={busy === "offer.accept"}
                disabled={busy !== null}
                onClick={accept}
              >
                {t("ring.accept")}
              </Button>
              <Button
                data-testid="decline"
                size="lg"
                variant="default"
                leftSection={<IconPhoneOff size={20} />}
                rightSection={!declining && <Kbd>Esc</Kbd>}
                disabled={busy !== null}
                aria-expanded={declining}
                onClick={() => openOrSend(FORM, declining, () => setDeclining(true))}
              >
                {t("ring.decline")}
              </Button>
            </Group>
          </Stack>
        </Paper>
      </Box>
    </>
  );
}

function Countdown({ since, until }: { since: number; until: number }) {
  const { t } = useTranslation();
  const now = useNow(200);
  const share = now && until > since ? Math.min(1, Math.max(0, (until - now) / (until - since))) : 1;
  const seconds = now ? secondsUntil(until, now) : "";
  return (
    <RingProgress
      size={76}
      thickness={7}
      roundCaps
      sections={[{ value: share * 100, color: share < 0.3 ? "orange" : "teal" }]}
      label={
        <Text ta="center" fw={700} size="lg" className="figures" aria-label={t("ring.left", { seconds })}>
          {seconds}
        </Text>
      }
    />
  );
}

function OfferDetails({ call }: { call: string }) {
  const { t } = useTranslation();
  const { data, error } = useDossier(call);
  if (error) return <Text>{problemSentence(t, error)}</Text>;
  if (!data) return <Waiting sentence={t("dossier.loading")} />;
  return (
    <Stack gap="md">
      <Group grow align="flex-start" gap="xl">
        <Section title={t("section.caller")}>
          <CallerFields subject={data} />
        </Section>
        <Section title={t("section.customer")}>
          <CustomerFields subject={data} />
        </Section>
      </Group>
      <Section title={t("section.attempts")}>
        <Attempts attempts={data.attempts} none={t("attempts.none")} />
      </Section>
    </Stack>
  );
}

/** What is known of the verification behind a call; read once for each call, because every look is written down. */
export function useDossier(call: string) {
  return useQuery({ queryKey: ["dossier", call], queryFn: () => readDossier(call), staleTime: Infinity });
}
