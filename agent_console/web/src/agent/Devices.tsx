// Which camera and which microphone, between calls and in the middle of one.

import { Group, NativeSelect, Stack, Text } from "@mantine/core";
import type { Choice } from "#client";
import { useTranslation } from "react-i18next";

import { useStore } from "../common/store";
import { useConsole } from "./context";

/** `grow`: side by side. */
export function Devices({ grow = false }: { grow?: boolean }) {
  const { t } = useTranslation();
  const { media } = useConsole().desk;
  const { cameras, microphones, camera, microphone, switching, switchFailed } = useStore(media.state);
  const Frame = grow ? Group : Stack;
  return (
    <Stack gap={6}>
      <Frame gap="sm" {...(grow ? { grow } : {})}>
        <Device name="camera" choices={cameras} chosen={camera} choose={(id) => void media.chooseCamera(id)} />
        <Device name="microphone" choices={microphones} chosen={microphone} choose={(id) => void media.chooseMicrophone(id)} />
      </Frame>
      <Text size="xs" c="dimmed" role="status">
        {switching ? t("media.switching") : switchFailed && t("media.switch_failed")}
      </Text>
    </Stack>
  );
}

interface DeviceProps {
  name: "camera" | "microphone";
  choices: readonly Choice[];
  chosen: string | null;
  choose: (id: string) => void;
}

function Device({ name, choices, chosen, choose }: DeviceProps) {
  const { t } = useTranslation();
  if (choices.length === 0) return null;
  const label = t(`media.${name}`);
  return (
    <NativeSelect
      size="xs"
      name={name}
      label={label}
      value={chosen ?? ""}
      onChange={(event) => choose(event.currentTarget.value)}
      // Browsers that do not name a device are spoken of by its place.
      data={choices.map((choice, index) => ({ value: choice.id, label: choice.label || `${label} ${index + 1}` }))}
    />
  );
}
