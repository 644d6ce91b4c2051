// Where the frame drawn over the camera lies in the camera's own picture. Pure.

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** ISO/IEC 7810 ID-1, the size of a citizen card, and a head with shoulders. */
export const CARD_RATIO = 85.6 / 53.98;
export const PORTRAIT_RATIO = 3 / 4;

/** The largest box of a ratio within `share` of a size, in its middle. */
export function centred({ width, height }: Size, ratio: number, share: number): Box {
  const wide = Math.min(width * share, height * share * ratio);
  const high = wide / ratio;
  return { x: (width - wide) / 2, y: (height - high) / 2, width: wide, height: high };
}

/** A box on the screen in the coordinates of a picture that covers the screen (CSS object-fit: cover). */
export function inPicture(box: Box, screen: Size, picture: Size): Box {
  const scale = Math.max(screen.width / picture.width, screen.height / picture.height);
  const left = (picture.width * scale - screen.width) / 2;
  const top = (picture.height * scale - screen.height) / 2;
  return { x: (box.x + left) / scale, y: (box.y + top) / scale, width: box.width / scale, height: box.height / scale };
}

/** A box grown by a share of itself on each side, within the picture: papers keep their edges. */
export function grown(box: Box, share: number, picture: Size): Box {
  const x = Math.max(0, box.x - box.width * share);
  const y = Math.max(0, box.y - box.height * share);
  return {
    x,
    y,
    width: Math.min(picture.width, box.x + box.width * (1 + share)) - x,
    height: Math.min(picture.height, box.y + box.height * (1 + share)) - y,
  };
}
