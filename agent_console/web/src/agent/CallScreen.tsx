// A call on the desk: caller and customer on the left, the customer's live picture in the middle, what is to be done on
// the right. It stands until the wrap-up has ended.

import { Paper, Stack, Text, VisuallyHidden } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { problemSentence } from "../common/sentences";
import { Waiting } from "../common/Session";
import { Attempts, CallerFields, Comparison, CustomerFields, Section } from "../common/SubjectDetails";
import type { Dossier } from "../common/types";
import styles from "./CallScreen.module.css";
import { useCall } from "./context";
import { useDraft } from "./draft";
import { Faces } from "./Faces";
import { useDossier } from "./Ring";
import { Stage } from "./Stage";
import { Steps } from "./Steps";

export function CallScreen() {
  const { t } = useTranslation();
  const call = useCall();
  const { data: dossier, error } = useDossier(call.id);
  const draft = useDraft(call.id);
  return (
    <main className={styles["screen"]}>
      {call.state !== "ended" && (
        <VisuallyHidden component="h1">
          {t("section.call", { number: call.number })}
        </VisuallyHidden>
      )}
      <Paper component="aside" p="sm" className={`${styles["column"]} ${styles["scroll"]}`}>
        <Details dossier={dossier} error={error} />
      </Paper>
      <div className={styles["column"]}>
        <Stage />
        <Faces dossier={dossier} />
      </div>
      <Steps dossier={dossier} draft={draft} />
    </main>
  );
}

function Details({ dossier, error }: { dossier: Dossier | undefined; error: Error | null }) {
  const { t } = useTranslation();
  if (error) return <Text>{problemSentence(t, error)}</Text>;
  if (!dossier) return <Waiting sentence={t("dossier.loading")} />;
  return (
    <Stack gap="md">
      <Section title={t("section.caller")}>
        <CallerFields subject={dossier} number={dossier.number} attempt={dossier.attempt} />
      </Section>
      <Section title={t("section.customer")}>
        <CustomerFields subject={dossier} />
      </Section>
      <Section title={t("section.comparison")}>
        <Comparison rows={dossier.comparison} />
      </Section>
      <Section title={t("section.attempts")}>
        <Attempts attempts={dossier.attempts} none={t("attempts.none")} />
      </Section>
    </Stack>
  );
}
