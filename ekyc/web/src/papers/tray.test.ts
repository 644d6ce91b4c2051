import { afterAll, beforeAll, expect, test, vi } from "vitest";

import { Problem } from "../common/problem";
import { keptPapers, PaperTray, takenPapers, type TrayPorts } from "./tray";

beforeAll(() => {
  let count = 0;
  vi.stubGlobal("URL", Object.assign(URL, { createObjectURL: () => `blob:${(count += 1)}`, revokeObjectURL: vi.fn() }));
});
afterAll(() => vi.unstubAllGlobals());

const JPEG = new Blob(["picture"], { type: "image/jpeg" });

function tray(ports: Partial<TrayPorts> = {}, csrf: string | null = "token") {
  const put = vi.fn<TrayPorts["put"]>().mockResolvedValue({ warnings: [] });
  let drafts = 0;
  const newDraft = vi.fn(() => Promise.resolve(`draft ${(drafts += 1)}`));
  const signedOut = vi.fn();
  const inspect = () => Promise.resolve([]);
  const made = new PaperTray({ newDraft, put, signedOut, inspect, shrink: (picture) => Promise.resolve(picture), ...ports });
  if (csrf) made.admit(csrf);
  return { made, put, newDraft, signedOut };
}

test("all pictures go into one draft, opened with the first", async () => {
  const { made, put, newDraft } = tray();
  made.take("id_front", "camera", JPEG);
  made.take("portrait", "file", JPEG);
  await made.settled();
  expect(newDraft).toHaveBeenCalledTimes(1);
  expect(put.mock.calls.map(([draft, kind, source]) => [draft, kind, source])).toEqual([
    ["draft 1", "id_front", "camera"],
    ["draft 1", "portrait", "file"],
  ]);
  expect(keptPapers(made.state.get())).toEqual(new Set(["id_front", "portrait"]));
});

test("progress is shown while a picture is sent", async () => {
  const seen: number[] = [];
  const { made } = tray({
    put: (_draft, _kind, _source, _picture, progress) => {
      progress(0.5);
      return Promise.resolve({ warnings: ["blurred"] });
    },
  });
  made.state.subscribe(() => seen.push(made.state.get().portrait.progress));
  made.take("portrait", "camera", JPEG);
  await made.settled();
  expect(seen).toContain(0.5);
  expect(made.state.get().portrait).toMatchObject({ phase: "kept", progress: 1, warnings: ["blurred"] });
});

test("a failed picture says why and is tried again alone", async () => {
  const put = vi
    .fn<TrayPorts["put"]>()
    .mockRejectedValueOnce(new Problem(0, "unreachable"))
    .mockResolvedValue({ warnings: [] });
  const { made } = tray({ put });
  made.take("id_back", "camera", JPEG);
  await made.settled();
  expect(made.state.get().id_back).toMatchObject({ phase: "failed", problem: "unreachable" });
  made.retry("id_back");
  await made.settled();
  expect(made.state.get().id_back).toMatchObject({ phase: "kept", problem: null });
  expect(put).toHaveBeenCalledTimes(2);
});

test("a file that is no picture never leaves the page", async () => {
  const { made, put } = tray({ shrink: () => Promise.reject(new Problem(422, "picture_broken")) });
  made.take("id_front", "file", JPEG);
  await made.settled();
  expect(made.state.get().id_front.problem).toBe("picture_broken");
  expect(put).not.toHaveBeenCalled();
});

test("an expired draft is replaced, and what was kept in it is sent again", async () => {
  const gone = new Problem(404, "not_found");
  const put = vi.fn<TrayPorts["put"]>((draft, kind) =>
    draft === "draft 1" && kind === "portrait" ? Promise.reject(gone) : Promise.resolve({ warnings: [] }),
  );
  const { made } = tray({ put });
  made.take("id_front", "camera", JPEG);
  await made.settled();
  made.take("portrait", "camera", JPEG);
  await made.settled();
  expect(put.mock.calls.map(([draft, kind]) => `${draft} ${kind}`).sort()).toEqual([
    "draft 1 id_front",
    "draft 1 portrait",
    "draft 2 id_front",
    "draft 2 portrait",
  ]);
  expect(keptPapers(made.state.get())).toEqual(new Set(["id_front", "portrait"]));
});

test("a newer picture of the same kind is sent after the older one has arrived, and is the one that counts", async () => {
  let release: (kept: { warnings: string[] }) => void = () => undefined;
  const put = vi
    .fn<TrayPorts["put"]>()
    .mockImplementationOnce(() => new Promise((resolve) => (release = resolve)))
    .mockRejectedValueOnce(new Problem(422, "picture_too_small"));
  const { made } = tray({ put });
  made.take("portrait", "camera", JPEG);
  await vi.waitFor(() => expect(put).toHaveBeenCalledTimes(1));
  made.take("portrait", "camera", JPEG);
  release({ warnings: [] });
  await made.settled();
  expect(put).toHaveBeenCalledTimes(2);
  expect(made.state.get().portrait.problem).toBe("picture_too_small");
});

test("renewing sends everything into a new draft", async () => {
  const { made, put } = tray();
  made.take("id_front", "camera", JPEG);
  await made.settled();
  await made.renew();
  expect(put.mock.calls.map(([draft]) => draft)).toEqual(["draft 1", "draft 2"]);
});

test("while nobody is signed in pictures stay in the page, and go up together once somebody is", async () => {
  const { made, put, newDraft } = tray({ inspect: () => Promise.resolve(["blurred"]) }, null);
  made.take("id_front", "camera", JPEG);
  made.take("portrait", "camera", JPEG);
  await made.settled();
  expect(made.state.get().id_front).toMatchObject({ phase: "held", warnings: ["blurred"] });
  expect(made.state.get().id_front.preview).not.toBeNull();
  expect(takenPapers(made.state.get())).toEqual(new Set(["id_front", "portrait"]));
  expect(keptPapers(made.state.get()).size).toBe(0);
  expect(newDraft).not.toHaveBeenCalled();
  await expect(made.draft()).rejects.toMatchObject({ code: "dealer_needed" });
  made.admit("token");
  await made.settled();
  expect(put.mock.calls.map(([draft, kind, , , , csrf]) => [draft, kind, csrf])).toEqual([
    ["draft 1", "id_front", "token"],
    ["draft 1", "portrait", "token"],
  ]);
  expect(keptPapers(made.state.get())).toEqual(new Set(["id_front", "portrait"]));
});

test("a picture that the page can see is of no use is not even held", async () => {
  const { made } = tray({ inspect: () => Promise.reject(new Problem(422, "picture_too_small")) }, null);
  made.take("id_front", "camera", JPEG);
  await made.settled();
  expect(made.state.get().id_front).toMatchObject({ phase: "failed", problem: "picture_too_small" });
});

test("another dealer's pictures go into a draft of their own", async () => {
  const { made, put } = tray();
  made.take("portrait", "camera", JPEG);
  await made.settled();
  made.admit(null);
  expect(made.state.get().portrait.phase).toBe("held");
  made.admit("another");
  await made.settled();
  expect(put.mock.calls.map(([draft, , , , , csrf]) => [draft, csrf])).toEqual([
    ["draft 1", "token"],
    ["draft 2", "another"],
  ]);
});

test.each(["dealer_needed", "bad_csrf_token"])("an upload that finds the shift over (%s) loses nothing", async (code) => {
  const put = vi
    .fn<TrayPorts["put"]>()
    .mockRejectedValueOnce(new Problem(401, code))
    .mockResolvedValue({ warnings: [] });
  const { made, signedOut } = tray({ put });
  made.take("portrait", "camera", JPEG);
  await made.settled();
  expect(made.state.get().portrait).toMatchObject({ phase: "held", problem: null });
  expect(signedOut).toHaveBeenCalledTimes(1);
  made.admit("next shift");
  await made.settled();
  expect(made.state.get().portrait.phase).toBe("kept");
});
