import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { useKeys } from "./keys";

const accept = vi.fn();
const confirm = vi.fn();
const cancel = vi.fn();

function Keys() {
  useKeys({ Enter: accept, "Ctrl+Enter": confirm, Escape: cancel });
  return (
    <>
      <input aria-label="name" />
      <input aria-label="box" type="checkbox" />
      <button type="button">{"b"}</button>
    </>
  );
}

beforeEach(() => {
  vi.clearAllMocks();
  render(<Keys />);
});
afterEach(cleanup);

describe("a shortcut", () => {
  test("acts from the page, from a box and from a button", () => {
    for (const target of [document.body, screen.getByLabelText("box"), screen.getByRole("button")]) {
      fireEvent.keyDown(target, { key: "Enter" });
    }
    expect(accept).toHaveBeenCalledTimes(3);
  });

  test("rests while somebody types, save for Esc and those with Ctrl", () => {
    const field = screen.getByLabelText("name");
    fireEvent.keyDown(field, { key: "Enter" });
    expect(accept).not.toHaveBeenCalled();
    fireEvent.keyDown(field, { key: "Enter", ctrlKey: true });
    fireEvent.keyDown(field, { key: "Escape" });
    expect([confirm.mock.calls.length, cancel.mock.calls.length]).toEqual([1, 1]);
  });

  test("does nothing while its key is held down, nor with Alt", () => {
    fireEvent.keyDown(document.body, { key: "Enter", repeat: true });
    fireEvent.keyDown(document.body, { key: "Enter", altKey: true });
    expect(accept).not.toHaveBeenCalled();
  });
});
