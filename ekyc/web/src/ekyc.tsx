// The entry of /ekyc.

import { Button } from "@mantine/core";
import { IconUserPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useCallback } from "react";
import { useTranslation } from "react-i18next";

import { getCallPage, type CallPage } from "./api/call";
import { Again } from "./call/again";
import { CallScreen } from "./call/call-screen";
import { useCalling } from "./call/use-calling";
import { showPage, TopBar } from "./common/page";
import { Problem } from "./common/problem";
import { EkycForm } from "./ekyc/ekyc-page";
import { LastCase, leaveCase } from "./ekyc/last-case";

function EkycPage() {
  const { t } = useTranslation();
  const { data, error, refetch, isFetching } = useQuery({ queryKey: ["call-page"], queryFn: getCallPage });
  // The cookie of the last case has gone: with the dealer, or by its time.
  const page = error instanceof Problem && error.status === 401 ? undefined : data;
  const { calling, begin } = useCalling(page);
  const ended = useCallback(() => void refetch(), [refetch]);
  const opened = (): Promise<void> => refetch().then(begin);
  const customer = (calling ? page?.customer : null) ?? undefined;
  return (
    <>
      <TopBar page="ekyc" title={customer?.full_name} subtitle={customer?.msisdn} />
      {calling && page ? (
        <CallScreen
          key={calling.run}
          page={page}
          intent={calling.intent}
          ended={ended}
          after={
            <>
              <Again canCall={isFetching ? undefined : page.can_call} again={begin} />
              <Button variant="default" leftSection={<IconUserPlus />} onClick={() => next(page)}>
                {t("call.next_customer")}
              </Button>
            </>
          }
        />
      ) : (
        <main>
          <LastCase page={page} call={begin} />
          <EkycForm opened={opened} />
        </main>
      )}
    </>
  );
}

function next(page: CallPage): void {
  leaveCase(page);
  location.reload();
}

void showPage(<EkycPage />);
