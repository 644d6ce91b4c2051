import { expect, test } from "vitest";
import { onlyVp8 } from "./peer";

const codec = (mimeType: string) => ({ mimeType });

test("VP8 is offered with its retransmissions and nothing else", () => {
  const all = ["video/H264", "video/VP8", "video/rtx", "video/AV1"].map(codec);
  expect(onlyVp8(all)).toEqual(["video/VP8", "video/rtx"].map(codec));
});

test("a browser without VP8 offers what it has", () => {
  expect(onlyVp8([codec("video/H264")])).toEqual([]);
});
