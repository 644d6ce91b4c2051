// The two languages of the staff pages, Vietnamese first; the choice stays in the browser.

import { firstLanguage, rememberLanguage, type Language } from "#client";
import i18next from "i18next";
import { initReactI18next } from "react-i18next";

import en from "../locales/en.json";
import vi from "../locales/vi.json";

export { chosenLanguage, LANGUAGES, type Language } from "#client";

/** Start translating; the page's `lang` follows the choice, so that screen readers speak the right language, and so does
 *  its title, the sentence `title`. */
export async function startLanguage(title: string): Promise<void> {
  i18next.on("languageChanged", (language) => {
    document.documentElement.lang = language;
    document.title = i18next.t(title);
  });
  await i18next.use(initReactI18next).init({
    lng: firstLanguage(),
    fallbackLng: "en",
    resources: { vi: { translation: vi }, en: { translation: en } },
    interpolation: { escapeValue: false },
    returnNull: false,
  });
}

/** Switch to a language and remember it. */
export async function chooseLanguage(language: Language): Promise<void> {
  rememberLanguage(language);
  await i18next.changeLanguage(language);
}
