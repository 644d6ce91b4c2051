// How good the call was, second by second, on the axis of its recordings.

import type { Leg } from "#client";
import { Fragment, memo, useMemo } from "react";
import { useTranslation } from "react-i18next";

import { duration, SECOND } from "../../common/format";
import type { CallRecordings } from "../../common/types";
import { type Axis, LEGS, type Stretch } from "./axis";
import { type LegPlots, type Measure, MEASURES, pathOf, type Point, plotsOf, topOf, valueAt } from "./plots";
import styles from "./Recording.module.css";

const WIDTH = 1_000;
const HEIGHT = 100;

interface PlotsProps {
  axis: Axis;
  facts: CallRecordings["facts"];
  at: number;
}

export function Plots({ axis, facts, at }: PlotsProps) {
  const { t, i18n } = useTranslation();
  const plots = useMemo(() => ({ customer: plotsOf(axis, facts, "customer"), agent: plotsOf(axis, facts, "agent") }), [axis, facts]);
  if (facts.length === 0) return null;
  const number = (value: number | null): string => (value === null ? "–" : Math.round(value).toLocaleString(i18n.language));
  return (
    <>
      {MEASURES.map((measure) => {
        const lines = LEGS.map((leg) => plots[leg].points[measure]);
        const top = topOf(measure, lines);
        return (
          <Fragment key={measure}>
            <div className={styles["label"]}>
              <div>{t(`recording.measure.${measure}`)}</div>
              <Values values={LEGS.map((leg) => [leg, number(valueAt(plots[leg].points[measure], at))])} />
            </div>
            <div className={styles["plot"]} role="img" aria-label={t("recording.plot", { measure: t(`recording.measure.${measure}`), top: number(top) })}>
              <Lines axis={axis} plots={plots} measure={measure} top={top} />
              <span className={styles["top"]}>{number(top)}</span>
              <div className={styles["head"]} style={{ left: `${(at / axis.length) * 100}%` }} />
            </div>
          </Fragment>
        );
      })}
      <div className={styles["label"]}>{t("recording.freezes")}</div>
      <Ticks axis={axis} />
    </>
  );
}

function Values({ values }: { values: [Leg, string][] }) {
  const { t } = useTranslation();
  return (
    <div className="figures" style={{ display: "flex", gap: 8 }}>
      {values.map(([leg, value]) => (
        <span key={leg} title={t(`recording.leg.${leg}`)} style={{ color: leg === "customer" ? "var(--mantine-color-teal-text)" : "var(--mantine-color-violet-text)" }}>
          {value}
        </span>
      ))}
    </div>
  );
}

interface LinesProps {
  axis: Axis;
  plots: Record<Leg, LegPlots>;
  measure: Measure;
  top: number;
}

// Where the player stands changes ten times a second, the lines never.
const Lines = memo(function Lines({ axis, plots, measure, top }: LinesProps) {
  const path = (points: readonly Point[]): string => pathOf(points, axis, top, WIDTH, HEIGHT);
  const scale = WIDTH / axis.length;
  const band = ({ start, end }: Stretch): React.ReactNode => (
    <rect key={start} className={styles["frozen"]} x={Math.max(0, start) * scale} width={(end - Math.max(0, start)) * scale} y={0} height={HEIGHT} />
  );
  return (
    <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden>
      {measure === "frames" && LEGS.flatMap((leg) => plots[leg].frozen.map(band))}
      {LEGS.map((leg) => (
        <path key={leg} className={styles["line"]} data-leg={leg} d={path(plots[leg].points[measure])} />
      ))}
    </svg>
  );
});

function Ticks({ axis }: { axis: Axis }) {
  const steps = [5, 10, 30, 60, 120, 300, 600].map((seconds) => seconds * SECOND);
  const step = steps.find((one) => axis.length / one <= 8) ?? 1_800 * SECOND;
  const places = Array.from({ length: Math.floor((axis.length * 0.97) / step) + 1 }, (_, n) => n * step);
  return (
    <div className={`${styles["ticks"]} figures`} aria-hidden>
      {places.map((at) => (
        <span key={at} style={{ left: `${(at / axis.length) * 100}%` }}>
          {duration(at)}
        </span>
      ))}
    </div>
  );
}
