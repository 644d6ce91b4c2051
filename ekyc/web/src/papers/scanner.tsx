// The camera step: the card's frame drawn over the picture, what to do next, the shutter, a look at what was taken.

import { ActionIcon, Button, Group, Modal, Stack, Text, UnstyledButton } from "@mantine/core";
import { sentenceKeys, type Facing } from "#client";
import { IconArrowLeft, IconCameraRotate, IconRefresh } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import type { PaperKind } from "../api/ekyc";
import { capture, look } from "./capture";
import type { Hint } from "./analyse";
import classes from "./scanner.module.css";
import { useCamera } from "./use-camera";

interface ScannerProps {
  readonly kind: PaperKind;
  readonly done: (picture: Blob) => void;
  readonly cancel: () => void;
}

export function Scanner({ kind, done, cancel }: ScannerProps) {
  const { t } = useTranslation();
  const [taken, setTaken] = useState<Blob | null>(null);
  return (
    <Modal.Root opened onClose={cancel} fullScreen transitionProps={{ duration: 0 }} classNames={{ body: classes.page }}>
      <Modal.Content aria-label={t(`scanner.title.${kind}`)}>
        <Modal.Body>
          <Group className={classes.bar} wrap="nowrap">
            <ActionIcon variant="transparent" c="white" size="xl" onClick={cancel} aria-label={t("scanner.back")}>
              <IconArrowLeft />
            </ActionIcon>
            <Text fw={600}>{t(`scanner.title.${kind}`)}</Text>
          </Group>
          {taken ? (
            <Taken picture={taken} again={() => setTaken(null)} use={() => done(taken)} />
          ) : (
            <Viewfinder kind={kind} take={setTaken} />
          )}
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}

function Viewfinder({ kind, take }: { readonly kind: PaperKind; readonly take: (picture: Blob) => void }) {
  const { t } = useTranslation();
  const [facing, setFacing] = useState<Facing>("environment");
  const { video, ready, problem, again } = useCamera(facing);
  const hint = useHint(video.current, ready, kind !== "portrait");
  const frame = useRef<HTMLDivElement>(null);
  const shoot = async (): Promise<void> => {
    if (video.current && frame.current) take(await capture(video.current, frame.current));
  };
  if (problem) {
    return (
      <Stack className={classes.trouble}>
        <Text role="alert">{t(sentenceKeys(problem).map((key) => `media.${key}`))}</Text>
        <Button leftSection={<IconRefresh />} onClick={again}>
          {t("media.try_again")}
        </Button>
      </Stack>
    );
  }
  return (
    <>
      <div className={classes.view}>
        <video ref={video} className={classes.video} data-mirrored={facing === "user"} playsInline muted />
        <div ref={frame} className={kind === "portrait" ? classes.oval : classes.card} data-good={hint === "good"} />
        <Text className={classes.hint} role="status" data-good={hint === "good"}>
          {ready ? t(`scanner.hint.${hint}`) : t("scanner.starting")}
        </Text>
      </div>
      <Group className={classes.controls}>
        <span />
        <UnstyledButton
          className={classes.shutter}
          disabled={!ready}
          onClick={() => void shoot()}
          aria-label={t("scanner.shoot")}
        />
        <ActionIcon
          variant="transparent"
          c="white"
          size="xl"
          onClick={() => setFacing(facing === "user" ? "environment" : "user")}
          aria-label={t("scanner.switch")}
        >
          <IconCameraRotate />
        </ActionIcon>
      </Group>
    </>
  );
}

interface TakenProps {
  readonly picture: Blob;
  readonly again: () => void;
  readonly use: () => void;
}

function Taken({ picture, again, use }: TakenProps) {
  const { t } = useTranslation();
  const [address, setAddress] = useState<string>();
  useEffect(() => {
    const made = URL.createObjectURL(picture);
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [picture]);
  return (
    <>
      <div className={classes.view}>
        <img src={address} className={classes.taken} alt={t("scanner.taken")} />
      </div>
      <Group className={classes.choices} grow>
        <Button variant="default" px="xs" onClick={again}>
          {t("scanner.again")}
        </Button>
        <Button px="xs" onClick={use} data-autofocus>
          {t("scanner.use")}
        </Button>
      </Group>
    </>
  );
}

// A person reads a hint for about this long; quicker ones flicker. Milliseconds.
const HINT_INTERVAL = 400;

function useHint(video: HTMLVideoElement | null, ready: boolean, isCard: boolean): Hint {
  const [hint, setHint] = useState<Hint>("hold_still");
  useEffect(() => {
    if (!video || !ready) return undefined;
    const next = look(video, isCard);
    const timer = setInterval(() => setHint(next()), HINT_INTERVAL);
    return () => clearInterval(timer);
  }, [video, ready, isCard]);
  return hint;
}
