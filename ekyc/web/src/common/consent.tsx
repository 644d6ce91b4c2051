// The consent text with its box, right beside [Call] on both pages.

import { Checkbox, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

import type { ConsentText } from "../api/ekyc";
import classes from "./consent.module.css";
import { useLanguage } from "./language";

interface ConsentProps {
  readonly consent: ConsentText | undefined;
  readonly given: boolean;
  readonly marked: boolean;
  readonly change: (given: boolean) => void;
}

export function Consent({ consent, given, marked, change }: ConsentProps) {
  const { t } = useTranslation();
  const language = useLanguage();
  return (
    <div className={classes.consent} data-marked={marked && !given}>
      <Text size="sm" className={classes.text} tabIndex={0} role="region" aria-label={t("consent.title")}>
        {consent?.text[language] ?? t("consent.loading")}
      </Text>
      <Checkbox
        id="consent"
        name="consent"
        checked={given}
        onChange={(event) => change(event.currentTarget.checked)}
        label={t("consent.agree")}
        error={marked && !given ? t("wrong.consent") : null}
      />
    </div>
  );
}
