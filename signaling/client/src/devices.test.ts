import { expect, test } from "vitest";
import { choices } from "./devices";

const device = (kind: string, deviceId: string, label: string) => ({ kind, deviceId, label }) as MediaDeviceInfo;

test("devices of one kind, without aliases and without those that are not told yet", () => {
  const devices = [
    device("audioinput", "communications", "Communications - headset"),
    device("audioinput", "a", "Headset"),
    device("videoinput", "", ""),
    device("videoinput", "v", "Camera"),
  ];
  expect(choices(devices, "audioinput")).toEqual([{ id: "a", label: "Headset" }]);
  expect(choices(devices, "videoinput")).toEqual([{ id: "v", label: "Camera" }]);
});
