import { afterEach, describe, expect, test, vi } from "vitest";

import { enter, takeJoinToken } from "./join";

function answers(...given: readonly (readonly [status: number, body: object])[]) {
  const fetch = vi.fn<typeof globalThis.fetch>();
  for (const [status, body] of given) fetch.mockResolvedValueOnce(new Response(JSON.stringify(body), { status }));
  vi.stubGlobal("fetch", fetch);
  return () => fetch.mock.calls.map(([path, init]) => `${init?.method} ${String(path)}`);
}

afterEach(() => vi.unstubAllGlobals());

describe("the token", () => {
  test("is taken out of the address", () => {
    history.replaceState(null, "", "/call#secret");
    expect(takeJoinToken()).toBe("secret");
    expect(location.href).not.toContain("secret");
    expect(takeJoinToken()).toBeNull();
  });
});

describe("entering", () => {
  test("by the token", async () => {
    const requests = answers([200, { verification: "v" }]);
    expect(await enter("secret")).toEqual({ verification: "v" });
    expect(requests()).toEqual(["POST /api/call/session"]);
  });
  test("by the cookie, after a reload", async () => {
    const requests = answers([200, { verification: "v" }]);
    await enter(null);
    expect(requests()).toEqual(["GET /api/call/session"]);
  });
  test("by the cookie, when the same link is opened again", async () => {
    answers([401, { code: "join_token_invalid" }], [200, { verification: "v" }]);
    expect(await enter("used")).toEqual({ verification: "v" });
  });
  test("a used link without a cookie says that of the link", async () => {
    answers([401, { code: "join_token_invalid" }], [401, { code: "not_signed_in" }]);
    await expect(enter("used")).rejects.toMatchObject({ code: "join_token_invalid" });
  });
});
