// Which camera and which microphone, also in the middle of a call.

import { NativeSelect, Stack, Text } from "@mantine/core";
import type { Choice, MediaState } from "#client";
import { useTranslation } from "react-i18next";

import { Dialog } from "../common/dialog";
import type { CallSession } from "./call-session";

interface DevicesProps {
  readonly opened: boolean;
  readonly close: () => void;
  readonly session: CallSession;
  readonly media: MediaState;
}

export function Devices({ opened, close, session, media }: DevicesProps) {
  const { t } = useTranslation();
  return (
    <Dialog opened={opened} onClose={close} title={t("devices.title")} zIndex={400}>
      <Stack pb="xs">
        <Device
          name="camera"
          choices={media.cameras}
          chosen={media.camera}
          choose={(id) => void session.media.chooseCamera(id)}
        />
        <Device
          name="microphone"
          choices={media.microphones}
          chosen={media.microphone}
          choose={(id) => void session.media.chooseMicrophone(id)}
        />
        <Text size="sm" c="dimmed" role="status">
          {t(media.switching ? "devices.switching" : media.switchFailed ? "devices.failed" : "devices.at_once")}
        </Text>
      </Stack>
    </Dialog>
  );
}

interface DeviceProps {
  readonly name: "camera" | "microphone";
  readonly choices: readonly Choice[];
  readonly chosen: string | null;
  readonly choose: (id: string) => void;
}

function Device({ name, choices, chosen, choose }: DeviceProps) {
  const { t } = useTranslation();
  const label = t(`devices.${name}`);
  return (
    <NativeSelect
      name={name}
      label={label}
      value={chosen ?? ""}
      disabled={choices.length === 0}
      onChange={(event) => choose(event.currentTarget.value)}
      // Browsers that do not name a device are spoken of by its place.
      data={choices.map((choice, index) => ({ value: choice.id, label: choice.label || `${label} ${index + 1}` }))}
    />
  );
}
