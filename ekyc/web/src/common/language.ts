// The two languages of the caller's pages, Vietnamese first; the choice stays in the browser.

import { chosenLanguage, firstLanguage, rememberLanguage, type Language } from "#client";
import i18next from "i18next";
import { initReactI18next, useTranslation } from "react-i18next";

import en from "../locales/en.json";
import vi from "../locales/vi.json";

export { chosenLanguage, type Language } from "#client";

/** Starts translating; the page's `lang` follows, so that screen readers speak the right language. */
export async function startLanguage(): Promise<void> {
  i18next.on("languageChanged", (language) => {
    document.documentElement.lang = language;
  });
  await i18next.use(initReactI18next).init({
    lng: firstLanguage(),
    fallbackLng: "vi",
    resources: { vi: { translation: vi }, en: { translation: en } },
    interpolation: { escapeValue: false },
  });
}

export async function chooseLanguage(language: Language): Promise<void> {
  rememberLanguage(language);
  await i18next.changeLanguage(language);
}

export function useLanguage(): Language {
  return chosenLanguage(useTranslation().i18n.language);
}
