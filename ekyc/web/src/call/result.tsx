// How the call ended: in a word, what happens next, and what may be done now.

import { Paper, Stack, Text, ThemeIcon, Title } from "@mantine/core";
import { IconCheck, IconInfoCircle, IconX } from "@tabler/icons-react";
import type { Outcome } from "#client";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import type { CallResult, Opening } from "../api/call";
import classes from "./call-screen.module.css";
import { isKept } from "./opening";
import { OpeningHours } from "./opening-hours";
import { ResultFacts } from "./result-facts";

interface ResultProps {
  readonly outcome: Outcome | null;
  /** Null while it is asked for. */
  readonly result: CallResult | null;
  readonly opening: Opening;
  readonly children: ReactNode;
}

export function Result({ outcome, result, opening, children }: ResultProps) {
  const { t } = useTranslation();
  const { color, icon } = look(outcome);
  return (
    <Stack className={classes.middle} align="center" ta="center" role="status">
      <ThemeIcon size={72} radius={36} color={color} variant="light">
        {icon}
      </ThemeIcon>
      <Title order={2}>{t(`outcome.${outcome ?? "none"}.title`)}</Title>
      <Text maw={480} style={{ textWrap: "balance" }}>{t(`outcome.${outcome ?? "none"}.next`)}</Text>
      {result && <ResultFacts result={result} />}
      {outcome === "closed" && isKept(opening) && (
        <Paper withBorder p="md">
          <OpeningHours opening={opening} />
        </Paper>
      )}
      <Stack w="100%" maw={360} mt="md">
        {children}
      </Stack>
    </Stack>
  );
}

function look(outcome: Outcome | null): { readonly color: string; readonly icon: ReactNode } {
  if (outcome === "confirmed") return { color: "teal", icon: <IconCheck size={40} /> };
  if (outcome === "rejected") return { color: "red", icon: <IconX size={40} /> };
  return { color: "orange", icon: <IconInfoCircle size={40} /> };
}
