// The happenings of a verification, one below the other.

import { Text, Timeline } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { dateAndTime } from "../common/format";
import type { Case } from "../common/types";
import { happenings } from "./timeline";

const COLORS = { plain: "gray", good: "teal", bad: "red", doubt: "orange" } as const;

export function CaseTimeline({ data }: { data: Case }) {
  const { t, i18n } = useTranslation();
  const happened = happenings(data);
  const words = (values: Record<string, string | number>): Record<string, string | number> => ({
    ...values,
    ...(values["outcome"] ? { outcome: t(`outcome.${values["outcome"]}`) } : {}),
    ...(values["verdict"] ? { verdict: t(`outcome.${values["verdict"]}`) } : {}),
    ...(typeof values["seconds"] === "number" ? { seconds: values["seconds"].toLocaleString(i18n.language, { maximumFractionDigits: 1 }) } : {}),
  });
  return (
    <Timeline bulletSize={12} lineWidth={2} active={happened.length} mt="xs">
      {happened.map((one, index) => (
        <Timeline.Item key={index} color={COLORS[one.look]} mt={index && 10}>
          <Text size="sm">
            {t(`timeline.${one.what}`, words(one.values))}{" "}
            <Text span size="xs" c="dimmed" className="figures">
              {dateAndTime(one.at, i18n.language)}
            </Text>
          </Text>
        </Timeline.Item>
      ))}
    </Timeline>
  );
}
