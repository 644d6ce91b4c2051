// The axis of a call: what was recorded of either side, what happened, and where the player stands.

import { Tooltip, UnstyledButton } from "@mantine/core";
import { IconCamera, IconGavel, IconPlugConnected, IconPlugConnectedX, type Icon } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

import { duration, SECOND } from "../../common/format";
import { type Axis, clustered, gaps, LEGS, type Mark } from "./axis";
import styles from "./Recording.module.css";

const LOOKS: Record<Mark["look"], { color: string; Icon: Icon }> = {
  verdict: { color: "teal", Icon: IconGavel },
  picture: { color: "blue", Icon: IconCamera },
  lost: { color: "orange", Icon: IconPlugConnectedX },
  back: { color: "gray", Icon: IconPlugConnected },
};
/** Which mark speaks for several. */
const WEIGHT: Mark["look"][] = ["verdict", "lost", "picture", "back"];
/** So large a part of the axis a mark covers. */
const MARK = 0.035;

interface SeekBarProps {
  axis: Axis;
  marks: readonly Mark[];
  at: number;
  seek: (at: number) => void;
}

export function SeekBar({ axis, marks, at, seek }: SeekBarProps) {
  const { t } = useTranslation();
  const share = (place: number): string => `${(place / axis.length) * 100}%`;
  return (
    <>
      {marks.length > 0 && (
        <>
          <div className={styles["label"]}>{t("recording.marks")}</div>
          <div className={styles["marks"]}>
            {clustered(marks, MARK * axis.length).map((cluster) => (
              <Marked key={cluster[0]?.at} cluster={cluster} share={share} seek={seek} />
            ))}
          </div>
        </>
      )}
      <div className={styles["label"]}>
        {LEGS.map((leg) => (
          <div key={leg}>
            <span className={styles["swatch"]} data-leg={leg} />
            {t(`recording.leg.${leg}`)}
          </div>
        ))}
      </div>
      <div className={styles["lanes"]}>
        {LEGS.map((leg) => (
          <div key={leg} className={styles["lane"]}>
            {axis.segments
              .filter((segment) => segment.leg === leg)
              .map(({ media, start, end }) => (
                <div key={media} className={styles["recorded"]} data-leg={leg} style={{ left: share(start), width: share(end - start) }} />
              ))}
            {gaps(axis, leg).map(({ start, end }) => (
              <div
                key={start}
                className={styles["gap"]}
                style={{ left: share(start), width: share(end - start) }}
                role="img"
                aria-label={t("recording.gap", { leg: t(`recording.leg.${leg}`), from: duration(start), until: duration(end) })}
              />
            ))}
          </div>
        ))}
        <div className={styles["head"]} style={{ left: share(at) }} />
        <input
          className={styles["seek"]}
          type="range"
          min={0}
          max={axis.length}
          step={SECOND / 10}
          value={at}
          aria-label={t("recording.seek")}
          aria-valuetext={t("recording.position", { at: duration(at), length: duration(axis.length) })}
          onChange={(event) => seek(Number(event.currentTarget.value))}
        />
      </div>
    </>
  );
}

function Marked({ cluster, share, seek }: { cluster: Mark[]; share: (at: number) => string; seek: (at: number) => void }) {
  const { t } = useTranslation();
  const sentence = ({ at, what, values }: Mark): string => {
    const kind = values["kind"] ? t(`picture.${values["kind"]}`) : "";
    const verdict = values["verdict"] ? t(`outcome.${values["verdict"]}`) : "";
    return `${duration(at)} ${t(`recording.mark.${what}`, { kind, verdict })}`;
  };
  const first = [...cluster].sort((a, b) => WEIGHT.indexOf(a.look) - WEIGHT.indexOf(b.look))[0];
  if (!first) return null;
  const { color, Icon } = LOOKS[first.look];
  const words = cluster.map(sentence);
  return (
    <Tooltip multiline w="max-content" maw={260} label={words.map((line) => <div key={line}>{line}</div>)}>
      <UnstyledButton className={styles["mark"]} style={{ left: share(first.at) }} aria-label={words.join("; ")} onClick={() => seek(first.at)}>
        <Icon size={16} color={`var(--mantine-color-${color}-text)`} />
        {cluster.length > 1 && <sup className="figures">{cluster.length}</sup>}
      </UnstyledButton>
    </Tooltip>
  );
}
