// The two languages of the caller's pages, Vietnamese first; the choice stays in the browser.

import i18next from "i18next";
import { initReactI18next, useTranslation } from "react-i18next";

import en from "../locales/en.json";
import vi from "../locales/vi.json";

const KEY = "vouch.language";
export type Language = "vi" | "en";

export function chosenLanguage(stored: string | null): Language {
  return stored === "en" ? "en" : "vi";
}

/** The language that a link to the page asks for: `?lang=en`. */
function asked(): string | null {
  return new URLSearchParams(location.search).get("lang");
}

/** Starts translating; the page's `lang` follows, so that screen readers speak the right language. */
export async function startLanguage(): Promise<void> {
  i18next.on("languageChanged", (language) => {
    document.documentElement.lang = language;
  });
  await i18next.use(initReactI18next).init({
    lng: chosenLanguage(asked() ?? localStorage.getItem(KEY)),
    fallbackLng: "vi",
    resources: { vi: { translation: vi }, en: { translation: en } },
    interpolation: { escapeValue: false },
  });
}

export async function chooseLanguage(language: Language): Promise<void> {
  localStorage.setItem(KEY, language);
  await i18next.changeLanguage(language);
}

export function useLanguage(): Language {
  return chosenLanguage(useTranslation().i18n.language);
}
