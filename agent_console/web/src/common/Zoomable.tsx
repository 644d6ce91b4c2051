// A frame in which a picture or a video can be looked at closely: wheel, drag, double click, buttons, or + − t 0 and
// the arrows while it has the focus.

import { ActionIcon } from "@mantine/core";
import { IconMinus, IconPlus, IconRotateClockwise, IconZoomReset } from "@tabler/icons-react";
import { type CSSProperties, type KeyboardEvent, type PointerEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { moved, type Placement, STEP, turned, WHOLE, zoomed } from "./zoom";
import styles from "./Zoomable.module.css";

interface Props {
  /** Says what is in the frame; shown in its corner unless `bare`. */
  label: string;
  /** One img or video. */
  children: ReactNode;
  bare?: boolean;
  style?: CSSProperties;
}

const NUDGE = 40;

export function Zoomable({ label, children, bare = false, style }: Props) {
  const { t } = useTranslation();
  const frame = useRef<HTMLDivElement>(null);
  const [placement, setPlacement] = useState<Placement>(WHOLE);
  const size = (): { width: number; height: number } => {
    const { clientWidth: width, clientHeight: height } = frame.current ?? { clientWidth: 0, clientHeight: 0 };
    return { width, height };
  };
  const zoom = (factor: number): void => setPlacement((now) => zoomed(now, factor, size()));
  const move = (dx: number, dy: number): void => setPlacement((now) => moved(now, dx, dy, size()));
  useWheel(frame, (factor, x, y) => setPlacement((now) => zoomed(now, factor, size(), x, y)));

  const keys: Record<string, () => void> = {
    "+": () => zoom(STEP),
    "=": () => zoom(STEP),
    "-": () => zoom(1 / STEP),
    t: () => setPlacement(turned),
    "0": () => setPlacement(WHOLE),
    ArrowLeft: () => move(NUDGE, 0),
    ArrowRight: () => move(-NUDGE, 0),
    ArrowUp: () => move(0, NUDGE),
    ArrowDown: () => move(0, -NUDGE),
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const act = event.ctrlKey || event.metaKey || event.altKey ? undefined : keys[event.key];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  };
  const onPointerDown = (event: PointerEvent<HTMLDivElement>): void => {
    if (!(event.target as Element).closest("button")) event.currentTarget.setPointerCapture(event.pointerId);
  };
  const onPointerMove = (event: PointerEvent<HTMLDivElement>): void => {
    if (event.currentTarget.hasPointerCapture(event.pointerId)) move(event.movementX, event.movementY);
  };
  const variables = {
    "--scale": placement.scale,
    "--x": `${placement.x}px`,
    "--y": `${placement.y}px`,
    "--turn": `${placement.turns * 90}deg`,
  } as CSSProperties;
  return (
    <div
      ref={frame}
      className={styles["frame"]}
      style={style}
      role="group"
      aria-label={label}
      tabIndex={0}
      data-zoomed={placement.scale > 1 || undefined}
      onKeyDown={onKeyDown}
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onDoubleClick={() => setPlacement((now) => (now.scale > 1 ? { ...WHOLE, turns: now.turns } : zoomed(now, 2.5, size())))}
    >
      <div className={styles["content"]} data-sideways={placement.turns % 2 === 1 || undefined} style={variables}>
        {children}
      </div>
      {!bare && <div className={styles["caption"]}>{label}</div>}
      <div className={styles["tools"]} onDoubleClick={(event) => event.stopPropagation()}>
        <Tool label={t("picture.smaller")} onClick={() => zoom(1 / STEP)} icon={<IconMinus size={14} />} />
        <Tool label={t("picture.larger")} onClick={() => zoom(STEP)} icon={<IconPlus size={14} />} />
        <Tool label={t("picture.turn")} onClick={() => setPlacement(turned)} icon={<IconRotateClockwise size={14} />} />
        <Tool label={t("picture.whole")} onClick={() => setPlacement(WHOLE)} icon={<IconZoomReset size={14} />} />
      </div>
    </div>
  );
}

function Tool({ label, icon, onClick }: { label: string; icon: ReactNode; onClick: () => void }) {
  return (
    <ActionIcon size={24} variant="subtle" color="gray.0" c="white" aria-label={label} title={label} onClick={onClick}>
      {icon}
    </ActionIcon>
  );
}

// React listens to the wheel passively, and a passive listener cannot keep the page from scrolling.
function useWheel(frame: React.RefObject<HTMLDivElement | null>, zoom: (factor: number, x: number, y: number) => void): void {
  const latest = useRef(zoom);
  latest.current = zoom;
  useEffect(() => {
    const element = frame.current;
    const onWheel = (event: WheelEvent): void => {
      event.preventDefault();
      const box = frame.current?.getBoundingClientRect();
      if (!box) return;
      const [x, y] = [event.clientX - box.left - box.width / 2, event.clientY - box.top - box.height / 2];
      latest.current(event.deltaY < 0 ? STEP : 1 / STEP, x, y);
    };
    element?.addEventListener("wheel", onWheel, { passive: false });
    return () => element?.removeEventListener("wheel", onWheel);
  }, [frame]);
}
