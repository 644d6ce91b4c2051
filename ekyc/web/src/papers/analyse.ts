// What to tell the person who holds the camera, from a small grey picture of what is inside the drawn frame. Pure.

/** Luma of a picture, row by row, 0 to 255. */
export interface Grey {
  readonly width: number;
  readonly height: number;
  readonly luma: Uint8ClampedArray;
}

export type Hint = "brighter" | "darker" | "hold_still" | "closer" | "sharper" | "good";

/** Figures behind a hint; the thresholds below are for a picture of about 160 x 100 pixels. */
export interface Figures {
  readonly brightness: number;
  /** Share of pixels without drawing: burnt out. */
  readonly glare: number;
  /** Variance of the Laplacian: how crisp the edges are. */
  readonly sharpness: number;
  /** Mean change since the picture before. */
  readonly motion: number;
  /** Detail near the frame's edge, as a share of that in its middle: small while the card does not fill the frame. */
  readonly reach: number;
}

const BURNT = 250;
const RIM = 0.18;

export function greyOf({ data, width, height }: Pick<ImageData, "data" | "width" | "height">): Grey {
  const luma = new Uint8ClampedArray(width * height);
  // Rec. 601 weights.
  for (let i = 0; i < luma.length; i += 1) {
    luma[i] = 0.299 * at(data, 4 * i) + 0.587 * at(data, 4 * i + 1) + 0.114 * at(data, 4 * i + 2);
  }
  return { width, height, luma };
}

export function figures(now: Grey, before: Grey | null): Figures {
  const { luma } = now;
  const burnt = luma.reduce((count, value) => count + (value >= BURNT ? 1 : 0), 0);
  const { sharpness, reach } = edges(now);
  return { brightness: mean(luma), glare: burnt / luma.length, sharpness, motion: before ? change(now, before) : 0, reach };
}

/** The one thing to mend first. A portrait has no edges to reach for. */
export function hintOf(figures: Figures, isCard: boolean): Hint {
  if (figures.brightness < 60) return "brighter";
  if (figures.brightness > 225 || figures.glare > 0.12) return "darker";
  if (figures.motion > 9) return "hold_still";
  if (isCard && figures.reach < 0.25) return "closer";
  return figures.sharpness < (isCard ? 90 : 25) ? "sharper" : "good";
}

function edges({ width, height, luma }: Grey): Pick<Figures, "sharpness" | "reach"> {
  let [sum, squares, rim, rimCount, middle, count] = [0, 0, 0, 0, 0, 0];
  for (let y = 1; y < height - 1; y += 1) {
    for (let x = 1; x < width - 1; x += 1) {
      const i = y * width + x;
      const value = 4 * at(luma, i) - at(luma, i - 1) - at(luma, i + 1) - at(luma, i - width) - at(luma, i + width);
      sum += value;
      squares += value * value;
      count += 1;
      const nearest = Math.min(x / width, 1 - x / width, y / height, 1 - y / height);
      if (nearest < RIM) [rim, rimCount] = [rim + Math.abs(value), rimCount + 1];
      else middle += Math.abs(value);
    }
  }
  const inMiddle = middle / Math.max(1, count - rimCount);
  return { sharpness: squares / count - (sum / count) ** 2, reach: rim / Math.max(1, rimCount) / Math.max(1, inMiddle) };
}

function change(now: Grey, before: Grey): number {
  return now.luma.reduce((sum, value, i) => sum + Math.abs(value - at(before.luma, i)), 0) / now.luma.length;
}

function mean(values: Uint8ClampedArray): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function at(values: Uint8ClampedArray | Uint8Array, index: number): number {
  return values[index] ?? 0;
}
