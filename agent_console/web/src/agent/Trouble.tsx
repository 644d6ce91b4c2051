// What is wrong on the agent's own side: the connection to the server, his camera or microphone, his network. Said at
// once, with what goes on meanwhile.

import { Alert } from "@mantine/core";
import { IconPlugConnectedX, IconVideoOff } from "@tabler/icons-react";
import type { PeerLink } from "#client";
import { useTranslation } from "react-i18next";

import { useStore } from "../common/store";
import { useConsole } from "./context";
import { Interrupted } from "./Interrupted";

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

/** In a call: what the customer sees or hears of the agent no more. */
export function OwnTrouble() {
  const { link } = useStore(useConsole().desk.linked);
  return (
    <>
      <Interrupted />
      {link && <PausedPicture link={link} />}
    </>
  );
}

function PausedPicture({ link }: { link: PeerLink }) {
  const { t } = useTranslation();
  const { sending } = useStore(link.state);
  if (sending !== "paused") return null;
  return (
    <Alert color="orange" radius={0} py={6} icon={<IconVideoOff />} role="alert" data-testid="picture-paused">
      {t("trouble.picture_paused")}
    </Alert>
  );
}
