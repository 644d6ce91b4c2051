// The papers, always in sight beside the call; a tap enlarges one.

import { Image, UnstyledButton } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { pictureAddress } from "../api/call";
import type { PaperKind } from "../api/ekyc";
import { Dialog } from "../common/dialog";
import classes from "./thumbnails.module.css";

export function Thumbnails({ kinds }: { readonly kinds: readonly PaperKind[] }) {
  const { t } = useTranslation();
  const [large, setLarge] = useState<PaperKind | null>(null);
  return (
    <>
      <div className={classes.papers} role="group" aria-label={t("call.papers")}>
        {kinds.map((kind) => (
          <UnstyledButton key={kind} className={classes.paper} onClick={() => setLarge(kind)} aria-label={t("call.enlarge", { paper: t(`paper.${kind}`) })}>
            <img src={pictureAddress(kind)} alt={t(`paper.${kind}`)} />
          </UnstyledButton>
        ))}
      </div>
      <Dialog opened={large !== null} onClose={() => setLarge(null)} title={large && t(`paper.${large}`)} size="xl">
        {large && <Image src={pictureAddress(large)} alt={t(`paper.${large}`)} />}
      </Dialog>
    </>
  );
}
