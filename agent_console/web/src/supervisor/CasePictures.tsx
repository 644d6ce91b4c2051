// All pictures of a verification: one large, to be looked at closely, the others to choose from.

import { Group, Paper, SegmentedControl, Stack, Text, UnstyledButton } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { pictureAddress } from "../common/api";
import { dateAndTime, timeOfDay } from "../common/format";
import { Section } from "../common/SubjectDetails";
import type { Case, Picture, PictureKind } from "../common/types";
import { Zoomable } from "../common/Zoomable";

const ORDER: PictureKind[] = ["snapshot", "last_frame", "portrait", "id_front", "id_back", "extra", "agent"];
const IN_CALL = new Set<PictureKind>(["snapshot", "last_frame", "extra", "agent"]);

/** The pictures in the order in which a reviewer looks at them: the proof first, the newest of a kind first. */
export function forReview(pictures: readonly Picture[]): Picture[] {
  return [...pictures].sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind) || b.at - a.at);
}

export function CasePictures({ data }: { data: Case }) {
  const { t } = useTranslation();
  const pictures = forReview(data.pictures);
  const [chosen, setChosen] = useState<[string | undefined, string | undefined]>([pictures[0]?.key, pictures.find(({ kind }) => kind === "portrait")?.key]);
  const [clean, setClean] = useState(false);
  const shown = chosen.map((key) => pictures.find((picture) => picture.key === key));
  const choose = (key: string): void => setChosen(([first, second]) => (key === first || key === second ? [first, second] : [key, second]));
  return (
    <Paper p="md">
      <Section
        title={t("case.pictures")}
        aside={
          <SegmentedControl
            size="xs"
            aria-label={t("case.stamp")}
            value={clean ? "clean" : "stamped"}
            onChange={(value) => setClean(value === "clean")}
            data={(["stamped", "clean"] as const).map((value) => ({ value, label: t(`case.${value}`) }))}
          />
        }
      >
        {pictures.length === 0 ? (
          <Text size="sm" c="dimmed">
            {t("case.no_pictures")}
          </Text>
        ) : (
          <Stack gap={8}>
            <div style={{ display: "grid", gridTemplateColumns: "1.4fr 1fr", gap: 8, height: "clamp(240px, 40vh, 420px)" }}>
              {shown.map((picture, index) => (
                <div key={index} style={{ minHeight: 0 }}>
                  {picture && <Large key={picture.key + clean} id={data.id} picture={picture} clean={clean} />}
                </div>
              ))}
            </div>
            <Group gap={8}>
              {pictures.map((picture) => (
                <Thumbnail key={picture.key} id={data.id} picture={picture} chosen={chosen.includes(picture.key)} choose={() => choose(picture.key)} />
              ))}
            </Group>
          </Stack>
        )}
      </Section>
    </Paper>
  );
}

function Large({ id, picture, clean }: { id: string; picture: Picture; clean: boolean }) {
  const { t, i18n } = useTranslation();
  const kind = t(`picture.${picture.kind}`);
  const source = picture.source_claimed ? t(`picture.claimed_${picture.source}`) : null;
  const words = [kind, source, dateAndTime(picture.at, i18n.language)].filter(Boolean).join(" · ");
  return (
    <Zoomable label={words}>
      <img
        data-testid={picture.kind === "snapshot" ? "snapshot" : undefined}
        src={pictureAddress(id, picture.key, clean && IN_CALL.has(picture.kind))}
        alt={words}
        draggable={false}
      />
    </Zoomable>
  );
}

interface ThumbnailProps {
  id: string;
  picture: Picture;
  chosen: boolean;
  choose: () => void;
}

function Thumbnail({ id, picture, chosen, choose }: ThumbnailProps) {
  const { t, i18n } = useTranslation();
  const outline = chosen ? "2px solid var(--mantine-color-teal-6)" : "1px solid var(--mantine-color-default-border)";
  return (
    <UnstyledButton onClick={choose} aria-pressed={chosen} style={{ width: 108 }}>
      <img src={pictureAddress(id, picture.key)} alt="" loading="lazy" style={{ width: 108, height: 74, objectFit: "cover", borderRadius: 4, outline }} />
      <Text size="xs" fw={500} truncate>
        {t(`picture.${picture.kind}`)}
      </Text>
      <Text size="xs" c="dimmed" className="figures">
        {timeOfDay(picture.at, i18n.language)}
      </Text>
    </UnstyledButton>
  );
}
