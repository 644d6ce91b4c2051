// The consent text with its box, right beside [Call] on both pages.

import { Checkbox, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

import type { ConsentText } from "../api/ekyc";
import classes from "./consent.module.css";
import { useLanguage } from "./language";

interface ConsentProps {
  /** Who ticks the box: the dealer for the customer, or the customer. */
  readonly by: "dealer" | "customer";
  readonly consent: ConsentText | undefined;
  readonly given: boolean;
  readonly marked: boolean;
  readonly change: (given: boolean) => void;
}

export function Consent({ by, consent, given, marked, change }: ConsentProps) {
  const { t } = useTranslation();
  const language = useLanguage();
  return (
    <div className={classes.consent} data-marked={marked && !given}>
      <Text size="sm" id="consent-text">
        {consent?.text[language] ?? t("consent.loading")}
      </Text>
      <Checkbox
        id="consent"
        name="consent"
        checked={given}
        onChange={(event) => change(event.currentTarget.checked)}
        aria-describedby="consent-text"
        label={t(`consent.agree_${by}`)}
        error={marked && !given ? t(`consent.needed_${by}`) : null}
      />
    </div>
  );
}
