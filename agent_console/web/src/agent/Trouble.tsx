// The page's own connection to the server is down: said at once, with what goes on meanwhile.

import { Alert } from "@mantine/core";
import { IconPlugConnectedX } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

import { useStore } from "../common/store";
import { useConsole } from "./context";

export function ConnectionTrouble() {
  const { t } = useTranslation();
  const { desk, view } = useConsole();
  const { status } = useStore(desk.connection.state);
  if (status === "up") return null;
  const sentence = view.call && view.call.state !== "ended" ? "trouble.in_call" : "trouble.idle";
  return (
    <Alert color="orange" radius={0} py={6} icon={<IconPlugConnectedX />} role="alert">
      {t(sentence)}
    </Alert>
  );
}
