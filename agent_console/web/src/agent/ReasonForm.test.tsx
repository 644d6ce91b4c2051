import { MantineProvider } from "@mantine/core";
import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import i18next from "i18next";
import { I18nextProvider, initReactI18next } from "react-i18next";
import { afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";

import en from "../locales/en.json";
import { openOrSend, ReasonForm } from "./ReasonForm";

const onSend = vi.fn();
const open = vi.fn();

beforeAll(async () => {
  // Mantine asks for the system's colours, which this DOM does not have.
  window.matchMedia = (query) => ({ matches: false, media: query, addEventListener() {}, removeEventListener() {} }) as unknown as MediaQueryList;
  await i18next.use(initReactI18next).init({ lng: "en", resources: { en: { translation: en } } });
});

beforeEach(() => {
  vi.clearAllMocks();
  const props = { id: "form", label: "Why?", send: "Send", color: "red", busy: false, onSend, onCancel: vi.fn() };
  render(
    <I18nextProvider i18n={i18next}>
      <MantineProvider>
        <ReasonForm {...props} codes={["not_live", "face_differs"]} />
      </MantineProvider>
    </I18nextProvider>,
  );
});
afterEach(cleanup);

const choose = (code: string): void => void fireEvent.change(screen.getByTestId("reason"), { target: { value: code } });

test("without a reason nothing is sent, and the form says so", () => {
  fireEvent.click(screen.getByTestId("send-reason"));
  expect(onSend).not.toHaveBeenCalled();
  expect(screen.getByText(en.reason.choose_first)).toBeTruthy();
});

test("the reasons are offered in words", () => {
  expect(screen.getByText(en.reason.not_live)).toBeTruthy();
});

test("a chosen reason is sent by its button and by Enter", () => {
  choose("not_live");
  fireEvent.click(screen.getByTestId("send-reason"));
  fireEvent.keyDown(screen.getByTestId("reason"), { key: "Enter" });
  expect(onSend.mock.calls).toEqual([["not_live"], ["not_live"]]);
});

test("the button that opened it sends it once it is open", () => {
  openOrSend("form", false, open);
  expect([open.mock.calls.length, onSend.mock.calls.length]).toEqual([1, 0]);
  choose("face_differs");
  openOrSend("form", true, open);
  expect(onSend).toHaveBeenCalledWith("face_differs");
  expect(open).toHaveBeenCalledTimes(1);
});
