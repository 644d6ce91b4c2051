// A dialog over the page, with a title and a button that closes it.

import { Modal, type ModalProps } from "@mantine/core";
import { useTranslation } from "react-i18next";

type DialogProps = Pick<ModalProps, "opened" | "onClose" | "title" | "size" | "zIndex" | "children">;

export function Dialog({ children, ...props }: DialogProps) {
  const { t } = useTranslation();
  return (
    <Modal
      {...props}
      centered
      closeButtonProps={{ "aria-label": t("page.close") }}
      // A header element would count as a second banner of the page.
      attributes={{ header: { role: "presentation" } }}
      styles={{ title: { fontWeight: 600 } }}
    >
      {children}
    </Modal>
  );
}
