// The agent's console: one desk, and the screen that its newest view asks for.

import { Button, Center, Stack, Text, Title } from "@mantine/core";
import { IconDeviceDesktop } from "@tabler/icons-react";
import { askBeforeLeaving } from "#client";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import { ClockContext } from "../common/now";
import { useCodes } from "../common/pause";
import { problemSentence } from "../common/sentences";
import { useSessionEnded, Waiting } from "../common/Session";
import { useStore } from "../common/store";
import { AgentBar } from "./AgentBar";
import { CallScreen } from "./CallScreen";
import { ConsoleContext } from "./context";
import { Desk } from "./desk";
import { Idle } from "./Idle";
import { Ring } from "./Ring";
import { RingSound } from "./ring-sound";
import { ShortcutHelp } from "./ShortcutHelp";
import { ConnectionTrouble, OwnTrouble } from "./Trouble";

export function AgentApp() {
  const [desk] = useState(() => new Desk());
  const [sound] = useState(() => new RingSound());
  const [clock] = useState(() => () => desk.connection.serverNow());
  useEffect(() => {
    desk.open();
    return () => desk.close();
  }, [desk]);
  useUnlockedByAnyPress(sound);
  return (
    <ClockContext value={clock}>
      <Screens desk={desk} sound={sound} />
    </ClockContext>
  );
}

function Screens({ desk, sound }: { desk: Desk; sound: RingSound }) {
  const { t } = useTranslation();
  const { status, view } = useStore(desk.connection.state);
  const { data: codes, error, refetch } = useCodes();
  const ended = useSessionEnded();
  const hasEnded = status === "refused";
  useEffect(() => {
    if (hasEnded) ended();
  }, [hasEnded]);
  const call = view?.call ?? null;
  useLeavingAsksFirst(call !== null && call.state !== "ended" && status !== "replaced");
  if (status === "replaced") return <TakenOver useHere={() => desk.open()} />;
  if (error && !codes) return <CodesMissing sentence={problemSentence(t, error)} retry={() => void refetch()} />;
  if (!view || !codes) return <Waiting sentence={t(status === "down" ? "session.unreachable" : "session.connecting")} />;
  return (
    <ConsoleContext value={{ desk, view, codes }}>
      <div style={{ height: "100%", minHeight: 0, display: "flex", flexDirection: "column" }}>
        <AgentBar sound={sound} />
        <ConnectionTrouble />
        {call && <OwnTrouble />}
        {call ? <CallScreen key={call.id} /> : <Idle sound={sound} />}
        {view.offer && <Ring key={`${view.offer.call}/${view.offer.offer}`} sound={sound} />}
        <ShortcutHelp />
      </div>
    </ConsoleContext>
  );
}

function TakenOver({ useHere }: { useHere: () => void }) {
  const { t } = useTranslation();
  return (
    <Center component="main" h="100%">
      <Stack align="center" maw={440} ta="center" role="alert">
        <IconDeviceDesktop size={40} />
        <Title order={1} size="h3">
          {t("taken_over.title")}
        </Title>
        <Text c="dimmed">{t("taken_over.sentence")}</Text>
        <Button onClick={useHere}>{t("taken_over.use_here")}</Button>
      </Stack>
    </Center>
  );
}

function CodesMissing({ sentence, retry }: { sentence: string; retry: () => void }) {
  const { t } = useTranslation();
  return (
    <Center component="main" h="100%">
      <Stack align="center">
        <Text>{sentence}</Text>
        <Button onClick={retry}>{t("again")}</Button>
      </Stack>
    </Center>
  );
}

// After a reload an agent may still be ready, and a call may ring before he presses anything that was meant for it.
function useUnlockedByAnyPress(sound: RingSound): void {
  useEffect(() => {
    const unlock = (): void => sound.unlock();
    document.addEventListener("pointerdown", unlock);
    document.addEventListener("keydown", unlock);
    return () => {
      document.removeEventListener("pointerdown", unlock);
      document.removeEventListener("keydown", unlock);
      sound.stop();
    };
  }, [sound]);
}

function useLeavingAsksFirst(active: boolean): void {
  useEffect(() => (active ? askBeforeLeaving() : undefined), [active]);
}
