// The three faces to compare, side by side at one height: on the card, live, and on the portrait.

import { Text } from "@mantine/core";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";

import { pictureAddress } from "../common/api";
import { useStore } from "../common/store";
import type { Dossier, PictureKind } from "../common/types";
import { Zoomable } from "../common/Zoomable";
import styles from "./CallScreen.module.css";
import { useCall, useConsole } from "./context";
import { FROZEN_AFTER } from "./gates";
import { proofOf } from "./Kept";
import { useFrameAge } from "./Stage";

export function Faces({ dossier }: { dossier: Dossier | undefined }) {
  const { t } = useTranslation();
  return (
    <section className={styles["faces"]} aria-label={t("section.faces")}>
      <Paper dossier={dossier} kind="id_front" />
      <SeenFace />
      <Paper dossier={dossier} kind="portrait" />
    </section>
  );
}

function Paper({ dossier, kind }: { dossier: Dossier | undefined; kind: PictureKind }) {
  const { t } = useTranslation();
  const picture = newest(dossier, kind);
  const label = t(`picture.${kind}`);
  return (
    <Zoomable label={picture?.source_claimed ? `${label} · ${t(`picture.claimed_${picture.source}`)}` : label}>
      {dossier && picture ? (
        <img src={pictureAddress(dossier.verification, picture.key)} alt={label} draggable={false} />
      ) : (
        <Text c="gray.4" ta="center" pt="xl" size="sm">
          {dossier ? t("picture.missing") : ""}
        </Text>
      )}
    </Zoomable>
  );
}

/** The picture of a kind that counts: papers may have been taken again. */
export function newest(dossier: Pick<Dossier, "pictures"> | undefined, kind: PictureKind) {
  return dossier?.pictures.filter((picture) => picture.kind === kind).sort((a, b) => b.at - a.at)[0];
}

// Live while the call runs, afterwards the picture that was kept of it.
function SeenFace() {
  const { t } = useTranslation();
  const call = useCall();
  const proof = call.state === "ended" ? proofOf(call.kept) : undefined;
  const words = proof ? t(`picture.${proof.kind}`) : t("faces.live");
  return (
    <Zoomable label={words}>
      {proof ? <img src={pictureAddress(call.verification, proof.key)} alt={words} draggable={false} /> : <LiveFace />}
    </Zoomable>
  );
}

// The same stream a second time: the large picture stays whole while this one is looked at closely.
function LiveFace() {
  const { t } = useTranslation();
  const { link } = useStore(useConsole().desk.linked);
  const { state, lost } = useCall();
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const shown = document.querySelector<HTMLVideoElement>('[data-testid="customer-video"]');
    if (!shown) return undefined;
    const follow = (): void => {
      if (!video.current || video.current.srcObject === shown.srcObject) return;
      video.current.srcObject = shown.srcObject;
      video.current.play().catch(() => undefined);
    };
    follow();
    const happenings = ["loadedmetadata", "emptied"] as const;
    for (const name of happenings) shown.addEventListener(name, follow);
    return () => {
      for (const name of happenings) shown.removeEventListener(name, follow);
    };
  }, [link, state]);
  const age = useFrameAge(link);
  const stale = lost.length > 0 || (age !== null && age > FROZEN_AFTER);
  const style = stale ? { filter: "grayscale(1) brightness(0.45)" } : undefined;
  return <video ref={video} muted playsInline aria-label={t("faces.live")} style={style} />;
}
