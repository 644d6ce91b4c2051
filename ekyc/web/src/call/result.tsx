// How the call ended: in a word, what happens next, and what may be done now.

import { Paper, Stack, Text, ThemeIcon, Title } from "@mantine/core";
import { IconCheck, IconInfoCircle, IconX } from "@tabler/icons-react";
import type { Outcome } from "#client";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import type { Opening } from "../api/call";
import classes from "./call-screen.module.css";
import { isKept } from "./opening";
import { OpeningHours } from "./opening-hours";

interface ResultProps {
  readonly outcome: Outcome | null;
  readonly opening: Opening;
  readonly children: ReactNode;
}

export function Result({ outcome, opening, children }: ResultProps) {
  const { t } = useTranslation();
  const { color, icon } = look(outcome);
  return (
    <Stack className={classes.middle} align="center" ta="center" role="status">
      <ThemeIcon size={72} radius={36} color={color} variant="light">
        {icon}
      </ThemeIcon>
      <Title order={2}>{t(`outcome.${outcome ?? "none"}.title`)}</Title>
      <Text maw={480} style={{ textWrap: "balance" }}>{t(`outcome.${outcome ?? "none"}.next`)}</Text>
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
