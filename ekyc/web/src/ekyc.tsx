// The entry of /ekyc.

import { Button } from "@mantine/core";
import { IconUserPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useCallback } from "react";
import { useTranslation } from "react-i18next";

import { getCallPage } from "./api/call";
import { Again } from "./call/again";
import { CallScreen } from "./call/call-screen";
import { useCalling } from "./call/use-calling";
import { showPage, TopBar } from "./common/page";
import { EkycForm } from "./ekyc/ekyc-page";

function EkycPage() {
  const { t } = useTranslation();
  const { data: page, refetch, isFetching } = useQuery({ queryKey: ["call-page"], queryFn: getCallPage });
  const { calling, begin } = useCalling(page);
  const ended = useCallback(() => void refetch(), [refetch]);
  const opened = (): void => void refetch().then(begin);
  const title = calling && page ? t("page.calling_for", { name: page.customer.full_name, msisdn: page.customer.msisdn }) : t("page.ekyc");
  return (
    <>
      <TopBar title={title} />
      {calling && page ? (
        <CallScreen
          key={calling.run}
          page={page}
          intent={calling.intent}
          ended={ended}
          after={
            <>
              <Again canCall={isFetching ? undefined : page.can_call} again={begin} />
              <Button variant="default" leftSection={<IconUserPlus />} onClick={() => location.reload()}>
                {t("call.next_customer")}
              </Button>
            </>
          }
        />
      ) : (
        <main>
          <EkycForm opened={opened} />
        </main>
      )}
    </>
  );
}

void showPage(<EkycPage />);
