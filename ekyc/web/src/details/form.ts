// What the dealer types, and what of it is still missing. Pure. Field names are the page's input names.

import { PAPER_KINDS, type CallRequest, type Compared, type Details, type PaperKind, type Typed } from "../api/ekyc";

export type Values = Details;
export type FieldName = keyof Values;
export type Missing = FieldName | PaperKind | "consent";

export const ID_TYPES = [
  "chip_card",
  "card_without_chip",
  "e_identity",
  "foreign_passport",
  "undetermined_nationality",
] as const;
export const CUSTOMER_TYPES = ["individual", "enterprise_vi2", "enterprise"] as const;
export const PAYMENTS = ["prepaid", "postpaid"] as const;

export const EMPTY: Values = {
  full_name: "",
  id_number: "",
  date_of_birth: "",
  id_type: "chip_card",
  address: "",
  msisdn: "",
  sub_type: "",
  customer_type: "individual",
  payment: "prepaid",
};

const FIELDS = Object.keys(EMPTY) as FieldName[];
// Papers that have nothing on their back.
const ONE_SIDED = new Set(["foreign_passport", "undetermined_nationality", "e_identity"]);
const ID_NUMBER = /^[0-9A-Za-z]{6,20}$/;
const MSISDN = /^\+?\d{9,15}$/;
const CARD_NUMBER = /^\d{12}$/;

const withoutSeparators = (text: string): string => text.replaceAll(/[\s.-]/g, "");

/** An ISO date from what people type: 31/01/1990, 31.1.1990, 31011990, 1990-01-31; null where it is no day. */
export function isoDate(text: string): string | null {
  const typed = text.trim();
  const iso = /^(\d{4})-(\d{2})-(\d{2})$/.exec(typed);
  const local = /^(\d{1,2})[/.\-\s](\d{1,2})[/.\-\s](\d{4})$/.exec(typed) ?? /^(\d{2})(\d{2})(\d{4})$/.exec(typed);
  const [year, month, day] = iso ? iso.slice(1) : (local?.slice(1).reverse() ?? []);
  if (!year || !month || !day) return null;
  const found = `${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`;
  const date = new Date(`${found}T00:00:00Z`);
  const isDay = !Number.isNaN(date.getTime()) && date.toISOString().startsWith(found);
  return isDay && found >= "1900-01-01" ? found : null;
}

/** 1990-01-31 as people write it in Vietnam; anything else stays. */
export function localDate(text: string): string {
  const iso = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  return iso ? `${iso[3]}/${iso[2]}/${iso[1]}` : text;
}

/** Puts the slashes between digits as they are typed at the end; leaves corrections and other forms alone. */
export function withSlashes(text: string, before: string): string {
  const growsByDigit = text.length === before.length + 1 && text.startsWith(before) && /\d$/.test(text);
  return growsByDigit && /^(\d{2}|\d{2}\/\d{2})$/.test(text) ? `${text}/` : text;
}

/** Whether what a field holds cannot be sent. An empty field is missing, not wrong. */
export function isWrong(name: FieldName, value: string): boolean {
  if (!value.trim()) return false;
  if (name === "date_of_birth") return isoDate(value) === null;
  if (name === "id_number") return !ID_NUMBER.test(withoutSeparators(value));
  return name === "msisdn" && !MSISDN.test(withoutSeparators(value));
}

/** A number that can be sent but is unusual for the kind of paper. */
export function isUnusualNumber({ id_type, id_number }: Values): boolean {
  return id_type === "chip_card" && id_number.trim() !== "" && !CARD_NUMBER.test(withoutSeparators(id_number));
}

export function neededPapers(idType: string): readonly PaperKind[] {
  return PAPER_KINDS.filter((kind) => kind !== "id_back" || !ONE_SIDED.has(idType));
}

export function missingFields(values: Values): readonly FieldName[] {
  return FIELDS.filter((name) => !values[name].trim() || isWrong(name, values[name]));
}

/** All that keeps [Call] from calling, in the order of the page. */
export function missing(values: Values, given: ReadonlySet<PaperKind>, consent: boolean): readonly Missing[] {
  const papers = neededPapers(values.id_type).filter((kind) => !given.has(kind));
  return [...missingFields(values), ...papers, ...(consent ? [] : ["consent" as const])];
}

/** What has been typed so far of the fields that a card's code holds; half-typed values as they are. */
export function typedOf(values: Values): Typed {
  return {
    full_name: values.full_name.trim(),
    id_number: withoutSeparators(values.id_number),
    date_of_birth: isoDate(values.date_of_birth) ?? values.date_of_birth.trim(),
  };
}

/** What the card says for fields that are still empty. */
export function filledFrom(values: Values, fields: readonly Compared[]): Partial<Values> {
  const empty = fields.filter(({ field, read }) => read !== null && isCompared(field) && !values[field].trim());
  return Object.fromEntries(empty.map(({ field, read }) => [field, localDate(read ?? "")]));
}

/** The fields that a citizen card's code holds. */
export function isCompared(field: string): field is keyof Typed {
  return field === "full_name" || field === "id_number" || field === "date_of_birth";
}

/** The details as they are sent; call it when nothing is missing. */
export function requestOf(values: Values, consentVersion: string): CallRequest {
  return {
    ...values,
    full_name: values.full_name.trim(),
    address: values.address.trim(),
    id_number: withoutSeparators(values.id_number),
    msisdn: withoutSeparators(values.msisdn),
    date_of_birth: isoDate(values.date_of_birth) ?? "",
    consent_version: consentVersion,
  };
}
