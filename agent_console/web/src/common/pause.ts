// What is written for the reason of an agent who takes no calls: a team's own words, else ours.

import { useQuery } from "@tanstack/react-query";
import { chosenLanguage } from "#client";
import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";

import { codes as readCodes } from "./api";
import type { Codes, OwnWord } from "./types";

/** The codes, which change while a console is open; `refetch` asks again. */
export function useCodes() {
  return useQuery<Codes>({ queryKey: ["codes"], queryFn: readCodes, staleTime: Infinity });
}

/** Gives a reason in words. */
export function usePauseWord(): (code: string | null) => string {
  const { t, i18n } = useTranslation();
  const { data } = useCodes();
  return (code) => pauseWord(t, chosenLanguage(i18n.language), data?.own_words ?? [], code);
}

export function pauseWord(t: TFunction, language: "vi" | "en", own: readonly OwnWord[], code: string | null): string {
  const word = own.find((each) => each.code === code);
  return word ? word[language] : t([`pause.${code}`, "pause.other"]);
}
