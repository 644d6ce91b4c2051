// What may follow a call.

import { Button, Loader } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

interface AgainProps {
  /** Undefined while it is asked. */
  readonly canCall: boolean | undefined;
  readonly again: () => void;
}

export function Again({ canCall, again }: AgainProps) {
  const { t } = useTranslation();
  if (canCall === undefined) return <Loader size="sm" aria-label={t("call.asking_again")} mx="auto" />;
  if (!canCall) return null;
  return (
    <Button leftSection={<IconRefresh />} onClick={again} data-testid="call">
      {t("call.again")}
    </Button>
  );
}
