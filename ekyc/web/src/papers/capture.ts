// Takes pictures out of the camera's video: what lies in the drawn frame, with a margin.

import { figures, greyOf, hintOf, type Grey, type Hint } from "./analyse";
import { CARD_RATIO, centred, grown, inPicture, PORTRAIT_RATIO } from "./frame";
import { fitted, jpegOf } from "./shrink";

const MARGIN = 0.08;
const LOOK_WIDTH = 160;

/** The still picture in the frame, as a JPEG. */
export function capture(video: HTMLVideoElement, frame: HTMLElement): Promise<Blob> {
  const [view, drawn] = [video.getBoundingClientRect(), frame.getBoundingClientRect()];
  const box = { x: drawn.x - view.x, y: drawn.y - view.y, width: drawn.width, height: drawn.height };
  const picture = { width: video.videoWidth, height: video.videoHeight };
  const cut = grown(inPicture(box, view, picture), MARGIN, picture);
  const canvas = Object.assign(document.createElement("canvas"), fitted(cut.width, cut.height));
  canvas.getContext("2d")?.drawImage(video, cut.x, cut.y, cut.width, cut.height, 0, 0, canvas.width, canvas.height);
  return jpegOf(canvas);
}

/** Looks at the video's middle again and again: each call compares with the one before. */
export function look(video: HTMLVideoElement, isCard: boolean): () => Hint {
  const ratio = isCard ? CARD_RATIO : PORTRAIT_RATIO;
  const canvas = Object.assign(document.createElement("canvas"), {
    width: LOOK_WIDTH,
    height: Math.round(LOOK_WIDTH / ratio),
  });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  let before: Grey | null = null;
  return () => {
    if (!context || !video.videoWidth) return "hold_still";
    const box = centred({ width: video.videoWidth, height: video.videoHeight }, ratio, 0.9);
    context.drawImage(video, box.x, box.y, box.width, box.height, 0, 0, canvas.width, canvas.height);
    const now = greyOf(context.getImageData(0, 0, canvas.width, canvas.height));
    const hint = hintOf(figures(now, before), isCard);
    before = now;
    return hint;
  };
}
