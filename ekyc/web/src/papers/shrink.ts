// Makes a picture small enough to send from a shop's mobile data, and large enough to read a card by.

import { Problem } from "../common/problem";

export const LONGEST_SIDE = 2000;
const QUALITY = 0.9;

/** Width and height after the longest side is brought down to 2000; never enlarged. */
export function fitted(width: number, height: number, longest = LONGEST_SIDE): { width: number; height: number } {
  const scale = Math.min(1, longest / Math.max(width, height));
  return { width: Math.round(width * scale), height: Math.round(height * scale) };
}

/** The picture as a JPEG, turned as its EXIF says and without any of it; Problem `picture_broken`. */
export async function shrink(picture: Blob): Promise<Blob> {
  const bitmap = await createImageBitmap(picture, { imageOrientation: "from-image" }).catch(() => {
    throw new Problem(422, "picture_broken");
  });
  const { width, height } = fitted(bitmap.width, bitmap.height);
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  return jpegOf(canvas);
}

export function jpegOf(canvas: HTMLCanvasElement): Promise<Blob> {
  return new Promise((resolve, reject) => {
    const take = (blob: Blob | null): void => (blob ? resolve(blob) : reject(new Problem(422, "picture_broken")));
    canvas.toBlob(take, "image/jpeg", QUALITY);
  });
}
