import { describe, expect, test } from "vitest";

import {
  EMPTY,
  filledFrom,
  isoDate,
  isUnusualNumber,
  isWrong,
  localDate,
  missing,
  neededPapers,
  requestOf,
  typedOf,
  withSlashes,
  type Values,
} from "./form";

const WHOLE: Values = {
  ...EMPTY,
  full_name: " Nguyễn Văn An ",
  id_number: "001 090 000 123",
  date_of_birth: "31/01/1990",
  address: "1 Tràng Tiền, Hà Nội",
  msisdn: "090 123 4567",
  sub_type: "ZP",
};
const ALL = new Set(["id_front", "id_back", "portrait"] as const);

describe("dates of birth", () => {
  test.each([
    ["31/01/1990", "1990-01-31"],
    ["31.1.1990", "1990-01-31"],
    ["31-01-1990", "1990-01-31"],
    ["31011990", "1990-01-31"],
    ["1990-01-31", "1990-01-31"],
    [" 29/02/2000 ", "2000-02-29"],
  ])("%s is read as %s", (typed, iso) => {
    expect(isoDate(typed)).toBe(iso);
  });
  test.each(["31/02/1990", "29/02/2001", "00/01/1990", "1990", "1/1/90", "01/01/1899", "soon", ""])("%s is no day", (typed) => {
    expect(isoDate(typed)).toBeNull();
  });
  test("slashes come by themselves, and can be taken away again", () => {
    expect(withSlashes("31", "3")).toBe("31/");
    expect(withSlashes("31/01", "31/0")).toBe("31/01/");
    expect(withSlashes("31", "31/")).toBe("31");
    expect(withSlashes("1990-01-31", "")).toBe("1990-01-31");
  });
  test("the card's date is shown as people write it", () => {
    expect(localDate("1990-01-31")).toBe("31/01/1990");
    expect(localDate("unreadable")).toBe("unreadable");
  });
});

describe("what is missing", () => {
  test("of an empty page everything but what has a default, in the page's order", () => {
    expect(missing(EMPTY, new Set(), false)).toEqual([
      "full_name",
      "id_number",
      "date_of_birth",
      "address",
      "msisdn",
      "sub_type",
      "id_front",
      "id_back",
      "portrait",
      "consent",
    ]);
  });
  test("nothing when all is there", () => {
    expect(missing(WHOLE, ALL, true)).toEqual([]);
  });
  test("what is wrong counts as missing", () => {
    expect(missing({ ...WHOLE, date_of_birth: "31/02/1990", msisdn: "12" }, ALL, true)).toEqual(["date_of_birth", "msisdn"]);
  });
  test("a passport has no back", () => {
    expect(neededPapers("foreign_passport")).toEqual(["id_front", "portrait"]);
    expect(neededPapers("chip_card")).toEqual(["id_front", "id_back", "portrait"]);
  });
});

test("an empty field is not wrong", () => {
  expect(isWrong("msisdn", "  ")).toBe(false);
});

test("a chip card's number of other than 12 digits is unusual, a passport's is not", () => {
  expect(isUnusualNumber({ ...WHOLE, id_number: "12345678" })).toBe(true);
  expect(isUnusualNumber(WHOLE)).toBe(false);
  expect(isUnusualNumber({ ...WHOLE, id_type: "foreign_passport", id_number: "P1234567" })).toBe(false);
});

test("the card is compared with what has been typed so far", () => {
  expect(typedOf({ ...WHOLE, date_of_birth: "31/0" })).toEqual({
    full_name: "Nguyễn Văn An",
    id_number: "001090000123",
    date_of_birth: "31/0",
  });
});

test("only empty fields are filled from the card", () => {
  const read = (field: string, value: string | null) => ({ field, typed: "", read: value, result: "differs" as const });
  const fields = [
    read("full_name", "TRẦN VĂN BÌNH"),
    read("date_of_birth", "1991-02-03"),
    read("id_number", null),
    read("sex", "Nam"),
  ];
  expect(filledFrom({ ...WHOLE, date_of_birth: "", id_number: "" }, fields)).toEqual({ date_of_birth: "03/02/1991" });
});

test("details are sent without the separators that people type", () => {
  expect(requestOf(WHOLE, "v1")).toMatchObject({
    full_name: "Nguyễn Văn An",
    msisdn: "0901234567",
    date_of_birth: "1990-01-31",
    consent_version: "v1",
  });
});
