// The list of shortcuts, on "?".

import { Group, Kbd, Modal, Table } from "@mantine/core";
import { Store } from "#client";
import { useTranslation } from "react-i18next";

import { useStore } from "../common/store";
import { useKeys } from "./keys";

const shown = new Store<{ open: boolean }>({ open: false });

export function openShortcutHelp(): void {
  shown.set({ open: true });
}

const SHORTCUTS: [keys: string[], key: string][] = [
  [["Enter"], "accept"],
  [["Esc"], "decline"],
  [["1", "2", "3"], "checks"],
  [["P"], "picture"],
  [["N"], "note"],
  [["M"], "mute"],
  [["Ctrl", "Enter"], "confirm"],
  [["R"], "reject"],
  [["U"], "unable"],
  [["E"], "end"],
  [["+", "−", "0"], "zoom"],
  [["?"], "help"],
];

export function ShortcutHelp() {
  const { t } = useTranslation();
  const { open } = useStore(shown);
  useKeys({ "?": () => shown.set({ open: !open }) });
  return (
    // Put together by hand: the ready-made head of a modal is a second banner to screen readers.
    <Modal.Root opened={open} onClose={() => shown.set({ open: false })}>
      <Modal.Overlay />
      <Modal.Content>
        <Group justify="space-between" p="md" pb={0}>
          <Modal.Title fw={600}>{t("shortcuts.title")}</Modal.Title>
          <Modal.CloseButton aria-label={t("close")} />
        </Group>
        <Modal.Body>
          <Table>
            <Table.Tbody>
              {SHORTCUTS.map(([keys, key]) => (
                <Table.Tr key={key}>
                  <Table.Td w={150}>
                    {keys.map((name) => (
                      <Kbd key={name} mr={4}>
                        {name}
                      </Kbd>
                    ))}
                  </Table.Td>
                  <Table.Td>{t(`shortcuts.${key}`)}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}
