// A box that says something; its tone is told by a colour at its edge, an icon and words, never by colour alone.

import { Alert, type AlertProps } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck, IconInfoCircle } from "@tabler/icons-react";
import type { ReactNode } from "react";

import classes from "./notice.module.css";

export type Tone = "info" | "good" | "attention" | "trouble";

interface NoticeProps {
  readonly tone: Tone;
  readonly title?: string;
  readonly children: ReactNode;
  readonly icon?: ReactNode;
  readonly role?: AlertProps["role"];
}

const ICONS: Readonly<Record<Tone, ReactNode>> = {
  info: <IconInfoCircle />,
  good: <IconCircleCheck />,
  attention: <IconAlertTriangle />,
  trouble: <IconAlertTriangle />,
};

export function Notice({ tone, title, children, icon = ICONS[tone], role = "note" }: NoticeProps) {
  return (
    <Alert variant="default" className={classes.notice} classNames={{ icon: classes.icon ?? "" }} data-tone={tone} icon={icon} title={title} role={role}>
      {children}
    </Alert>
  );
}
