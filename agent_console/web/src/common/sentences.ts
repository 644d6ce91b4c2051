// Which sentence tells what went wrong: by the stable code, else what the server itself said.

import type { Answer } from "#client";
import type { TFunction } from "i18next";

import { Problem } from "./api";

/** The sentence for a request that failed. */
export function problemSentence(t: TFunction, error: unknown): string {
  if (!(error instanceof Problem)) return t("problem.our_fault");
  return t([`problem.${error.code}`, "problem.other"], { detail: error.detail });
}

/** The sentence for a press that was not granted. */
export function answerSentence(t: TFunction, answer: Pick<Answer, "code" | "detail">): string {
  const gate = answer.code === "not_yet" ? t([`gate.${answer.detail}`, "gate.other"], { gate: answer.detail }) : "";
  return t([`answer.${answer.code}`, "answer.other"], { detail: answer.detail || answer.code, gate });
}
