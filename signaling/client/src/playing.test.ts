import { beforeEach, expect, test, vi } from "vitest";
import { keepPlaying } from "./playing";

class Player extends EventTarget {
  paused = true;
  srcObject: object | null = {};
}

let player: Player;
const play = vi.fn();
const keep = () => keepPlaying(player as unknown as HTMLVideoElement, play);

beforeEach(() => {
  player = new Player();
  play.mockClear();
});

test("what a phone call has stopped goes on, at once and when the page is seen again", () => {
  const end = keep();
  player.dispatchEvent(new Event("pause"));
  document.dispatchEvent(new Event("visibilitychange"));
  expect(play).toHaveBeenCalledTimes(2);
  end();
  player.dispatchEvent(new Event("pause"));
  expect(play).toHaveBeenCalledTimes(2);
});

test("what plays, or has nothing to play, is left alone", () => {
  const end = keep();
  player.paused = false;
  document.dispatchEvent(new Event("visibilitychange"));
  player.paused = true;
  player.srcObject = null;
  player.dispatchEvent(new Event("pause"));
  expect(play).not.toHaveBeenCalled();
  end();
});
