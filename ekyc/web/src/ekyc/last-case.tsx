// The dossier that this browser opened last and that is still unverified: after a reload its call is one press away.

import { Button, Group, Text } from "@mantine/core";
import { IconHistory, IconRefresh } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

import type { CallPage } from "../api/call";
import { Notice } from "../common/notice";
import { obstacleOf } from "../join/obstacle";
import classes from "./ekyc-page.module.css";

const KEY = "vouch.left";

/** The dealer has gone on to the next customer: it is offered no more. */
export function leaveCase(page: CallPage): void {
  sessionStorage.setItem(KEY, page.verification);
}

function isOffered(page: CallPage): boolean {
  return obstacleOf(page) === null && sessionStorage.getItem(KEY) !== page.verification;
}

export function LastCase({ page, call }: { readonly page: CallPage | undefined; readonly call: () => void }) {
  const { t } = useTranslation();
  if (!page || !isOffered(page)) return null;
  const { customer, result } = page;
  return (
    <div className={classes.last}>
      <Notice tone="info" icon={<IconHistory />} title={t("last_case.title")}>
        <Group justify="space-between" gap="sm">
          <div>
            {customer ? (
              <Text size="sm">{t("last_case.who", { name: customer.full_name, msisdn: customer.msisdn })}</Text>
            ) : (
              result && <Text size="sm">{t("last_case.reference", { number: result.reference })}</Text>
            )}
            <Text size="sm" c="dimmed">
              {page.last_outcome ? t(`outcome.${page.last_outcome}.title`) : t("last_case.not_called")}
            </Text>
          </div>
          <Button size="sm" leftSection={<IconRefresh size={18} />} onClick={call}>
            {t(page.last_outcome ? "call.again" : "press.call")}
          </Button>
        </Group>
      </Notice>
    </div>
  );
}
