// When the team works, and when it is back: for who calls while it is closed.

import { Box, Stack, Text } from "@mantine/core";
import { Fragment } from "react";
import { useTranslation } from "react-i18next";

import type { Opening } from "../api/call";
import { useLanguage } from "../common/language";
import { openingTime, weekLines } from "./opening";

export function OpeningHours({ opening }: { readonly opening: Opening }) {
  const { t } = useTranslation();
  const language = useLanguage();
  return (
    <Stack gap={4} align="flex-start" ta="start" data-testid="opening">
      {opening.opens_at !== null && <Text fw={600}>{t("opening.again", { when: openingTime(opening.opens_at, language) })}</Text>}
      <Text size="sm" c="dimmed">
        {t("opening.week")}
      </Text>
      <Box component="dl" m={0} style={{ display: "grid", gridTemplateColumns: "auto auto", columnGap: 16, rowGap: 2 }}>
        {weekLines(opening.hours, language).map(({ days, times }) => (
          <Fragment key={days}>
            <Text component="dt" size="sm">
              {days}
            </Text>
            <Text component="dd" size="sm" fw={500} m={0}>
              {times}
            </Text>
          </Fragment>
        ))}
      </Box>
    </Stack>
  );
}
