// What stays of a call when everything else has gone from the page: why, reference, time.

import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

import type { CallResult } from "../api/call";
import { useLanguage } from "../common/language";
import classes from "./call-screen.module.css";

/** The year in four digits and the day first: 12/1 would be read in two ways. */
const WHEN = {
  day: "2-digit",
  month: "2-digit",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  timeZone: "Asia/Ho_Chi_Minh",
} as const;

export function ResultFacts({ result: { reason, reference, at } }: { readonly result: CallResult }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const when = new Intl.DateTimeFormat(language === "vi" ? "vi-VN" : "en-GB", WHEN).format(at / 1000);
  const facts = [
    ...(reason === null ? [] : [["reason", t(`reason.${reason}`, { defaultValue: t("reason.other") })] as const]),
    ["reference", reference] as const,
    ["at", when] as const,
  ];
  return (
    <dl className={classes.facts} data-testid="result-facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <Text component="dt" size="sm" c="dimmed">
            {t(`result.${name}`)}
          </Text>
          <Text component="dd" m={0} fw={600}>
            {value}
          </Text>
        </div>
      ))}
    </dl>
  );
}
