// What keeps [Call] from calling, each a press away.

import { Anchor, Group, Text } from "@mantine/core";
import { IconListCheck } from "@tabler/icons-react";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";

import { PAPER_KINDS } from "../api/ekyc";
import { Notice } from "../common/notice";
import type { Missing } from "../details/form";

interface MissingListProps {
  readonly missing: readonly Missing[];
  /** What was missing at the last press, which leads to the first of them. */
  readonly pressed: readonly Missing[];
}

export function MissingList({ missing, pressed }: MissingListProps) {
  const { t } = useTranslation();
  useEffect(() => {
    const [first] = pressed;
    if (first) goTo(first);
  }, [pressed]);
  if (missing.length === 0) return null;
  return (
    <Notice tone="attention" icon={<IconListCheck />}>
      <Group gap="2px 12px">
        <Text size="sm" fw={600} lh="26px">
          {t("press.missing")}
        </Text>
        {missing.map((name) => (
          <Anchor key={name} component="button" type="button" size="sm" lh="26px" onClick={() => goTo(name)}>
            {t(isPaper(name) ? `paper.${name}` : `field.${name}`)}
          </Anchor>
        ))}
      </Group>
    </Notice>
  );
}

function isPaper(name: Missing): boolean {
  return (PAPER_KINDS as readonly string[]).includes(name);
}

function goTo(name: Missing): void {
  const element = document.getElementById(name);
  element?.scrollIntoView({ block: "center" });
  element?.focus({ preventScroll: true });
}
