// The supervisors' page: the floor now, the list of verifications, one of them.

import { Anchor, Box, Button, Center, Group, Stack, Text, Title } from "@mantine/core";
import { IconDeviceDesktop, IconLayoutGrid, IconListSearch } from "@tabler/icons-react";
import { Connection, type FloorView, type FromFloor } from "#client";
import { useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";

import { ticket } from "../common/api";
import { Bar } from "../common/Bar";
import { ClockContext } from "../common/now";
import { useSessionEnded } from "../common/Session";
import { useStore } from "../common/store";
import { link, NO_FILTERS, read, useQueryString } from "./address";
import { CasePage } from "./CasePage";
import { Floor } from "./Floor";
import { VerificationList } from "./VerificationList";

export type FloorConnection = Connection<FloorView, FromFloor>;

export function SupervisorApp() {
  const [connection] = useState(() => new Connection<FloorView, FromFloor>({ namespace: "/floor", ticket }));
  const [clock] = useState(() => () => connection.serverNow());
  const { status } = useStore(connection.state);
  const query = useQueryString();
  const address = useMemo(() => read(query), [query]);
  const ended = useSessionEnded();
  const hasEnded = status === "refused";
  useEffect(() => {
    connection.start();
    return () => connection.stop();
  }, [connection]);
  useEffect(() => {
    if (hasEnded) ended();
  }, [hasEnded]);
  return (
    <ClockContext value={clock}>
      <div style={{ height: "100%", display: "flex", flexDirection: "column", minHeight: 0 }}>
        <Bar>
          <Navigation view={address.view} />
        </Bar>
        <Box component="main" flex={1} p="md" mih={0} style={{ overflow: "auto" }}>
          {address.view === "floor" && (status === "replaced" ? <TakenOver useHere={() => connection.start()} /> : <Floor connection={connection} />)}
          {address.view === "list" && <VerificationList filters={address.filters} connection={connection} />}
          {address.view === "case" && <CasePage key={address.id} id={address.id} />}
        </Box>
      </div>
    </ClockContext>
  );
}

function Navigation({ view }: { view: "floor" | "list" | "case" }) {
  const { t } = useTranslation();
  return (
    <Group component="nav" gap="xs" aria-label={t("nav.label")}>
      <Button
        component="a"
        {...link({ view: "floor" })}
        size="xs"
        variant={view === "floor" ? "light" : "subtle"}
        aria-current={view === "floor" ? "page" : undefined}
        leftSection={<IconLayoutGrid size={15} />}
      >
        {t("nav.floor")}
      </Button>
      <Button
        component="a"
        {...link({ view: "list", filters: NO_FILTERS })}
        size="xs"
        variant={view === "floor" ? "subtle" : "light"}
        aria-current={view === "list" ? "page" : undefined}
        leftSection={<IconListSearch size={15} />}
      >
        {t("nav.list")}
      </Button>
    </Group>
  );
}

function TakenOver({ useHere }: { useHere: () => void }) {
  const { t } = useTranslation();
  return (
    <Center h="100%">
      <Stack align="center" ta="center" maw={440} role="alert">
        <IconDeviceDesktop size={40} />
        <Title order={1} size="h3">
          {t("taken_over.title")}
        </Title>
        <Text c="dimmed">{t("taken_over.floor_sentence")}</Text>
        <Button onClick={useHere}>{t("taken_over.use_here")}</Button>
        <Anchor {...link({ view: "list", filters: NO_FILTERS })}>{t("nav.list")}</Anchor>
      </Stack>
    </Center>
  );
}
