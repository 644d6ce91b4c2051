import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { IceServers } from "./messages";
import { Relays } from "./relays";

const answer = (credential: string, code = "ok"): IceServers => ({
  code,
  detail: "",
  servers: [{ urls: "turn:relay.example:3478", username: "1:call", credential }],
  ttl_s: 60,
});

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("peer connections that follow each other closely share one answer", async () => {
  const ask = vi.fn(async () => answer("first"));
  const relays = new Relays(ask);
  const [one, two] = await Promise.all([relays.get(), relays.get()]);
  expect(one).toEqual(answer("first").servers);
  expect(two).toBe(one);
  vi.advanceTimersByTime(29_000);
  expect(await relays.get()).toBe(one);
  expect(ask).toHaveBeenCalledTimes(1);
});

test("a password is not used that has less than half of its time left", async () => {
  const relays = new Relays(vi.fn().mockResolvedValueOnce(answer("first")).mockResolvedValueOnce(answer("second")));
  await relays.get();
  vi.advanceTimersByTime(31_000);
  expect(await relays.get()).toEqual(answer("second").servers);
});

test("a refusal is thrown, and the next peer connection asks again", async () => {
  const ask = vi.fn().mockResolvedValueOnce(answer("", "call_ended")).mockResolvedValueOnce(answer("now"));
  const relays = new Relays(ask);
  await expect(relays.get()).rejects.toThrow("call_ended");
  expect(await relays.get()).toEqual(answer("now").servers);
});
