// Looks at a picture that was taken, before it is sent: is it of any use, and would another one be better?

import { Problem } from "../common/problem";
import type { PaperKind } from "../api/ekyc";
import { figures, greyOf, type Figures } from "./analyse";

/** As the server asks (`picture_too_small`, `low_resolution`). */
const SHORTEST_SIDE = 200;
const READABLE_SIDE = 900;
const LOOK_WIDTH = 160;

/** Codes of what may make it less useful; Problem `picture_too_small`, `picture_broken`. */
export async function inspect(picture: Blob, kind: PaperKind): Promise<readonly string[]> {
  const bitmap = await createImageBitmap(picture).catch(() => {
    throw new Problem(422, "picture_broken");
  });
  try {
    const { width, height } = bitmap;
    const size = { width: LOOK_WIDTH, height: Math.max(1, Math.round((LOOK_WIDTH * height) / width)) };
    const context = Object.assign(document.createElement("canvas"), size).getContext("2d");
    if (!context) return warningsOf({ width, height }, null, kind);
    context.drawImage(bitmap, 0, 0, size.width, size.height);
    const seen = figures(greyOf(context.getImageData(0, 0, size.width, size.height)), null);
    return warningsOf({ width, height }, seen, kind);
  } finally {
    bitmap.close();
  }
}

/** The same from figures; pure. */
export function warningsOf(
  { width, height }: { readonly width: number; readonly height: number },
  seen: Figures | null,
  kind: PaperKind,
): readonly string[] {
  if (Math.min(width, height) < SHORTEST_SIDE) throw new Problem(422, "picture_too_small");
  const warnings = Math.max(width, height) < READABLE_SIDE ? ["low_resolution"] : [];
  if (seen && seen.brightness < 50) warnings.push("dark");
  else if (seen && seen.sharpness < (kind === "portrait" ? 15 : 45)) warnings.push("blurred");
  return warnings;
}
