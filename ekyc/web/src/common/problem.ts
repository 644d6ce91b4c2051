// What a server refused, as pages show it.

import type { TFunction } from "i18next";

export interface WrongField {
  readonly field: string;
  readonly problem: string;
}

/** A refused request. Pages translate `code`; `unreachable` (status 0) means that the server was not reached. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail = "",
    readonly fields: readonly WrongField[] = [],
  ) {
    super(code);
  }
}

/** The sentence for a code; one that the page does not know shows what the server said of it. */
export function sentenceOf(t: TFunction, code: string, detail = ""): string {
  return t(`problem.${code}`, { defaultValue: detail || t("problem.our_fault") });
}

export function sentenceOfError(t: TFunction, error: unknown): string {
  return error instanceof Problem ? sentenceOf(t, error.code, error.detail) : t("problem.our_fault");
}
