// Where a picture stands in its frame: how large, how far moved, how turned. Pure.

export interface Placement {
  readonly scale: number;
  /** Pixels from the middle of the frame. */
  readonly x: number;
  readonly y: number;
  /** Quarter turns clockwise, 0 to 3. */
  readonly turns: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

export const WHOLE: Placement = { scale: 1, x: 0, y: 0, turns: 0 };
const LARGEST = 8;
export const STEP = 1.3;

/** Larger or smaller by `factor`, so that the point (x, y) from the frame's middle stays under the pointer. */
export function zoomed(now: Placement, factor: number, frame: Size, x = 0, y = 0): Placement {
  const scale = Math.min(LARGEST, Math.max(1, now.scale * factor));
  const ratio = scale / now.scale;
  return held({ ...now, scale, x: x - (x - now.x) * ratio, y: y - (y - now.y) * ratio }, frame);
}

/** Moved by so many pixels, never out of its frame. */
export function moved(now: Placement, dx: number, dy: number, frame: Size): Placement {
  return held({ ...now, x: now.x + dx, y: now.y + dy }, frame);
}

/** A quarter turn clockwise, whole again. */
export function turned(now: Placement): Placement {
  return { ...WHOLE, turns: (now.turns + 1) % 4 };
}

function held(wanted: Placement, frame: Size): Placement {
  const reach = (length: number): number => (length * (wanted.scale - 1)) / 2;
  const clamp = (value: number, limit: number): number => Math.min(limit, Math.max(-limit, value)) || 0;
  return { ...wanted, x: clamp(wanted.x, reach(frame.width)), y: clamp(wanted.y, reach(frame.height)) };
}
