// The language of a page: what its address asks for, else what was chosen in this browser, else Vietnamese.

const KEY = "vouch.language";
export const LANGUAGES = ["vi", "en"] as const;
export type Language = (typeof LANGUAGES)[number];

/** The language that a stored or asked-for word means. */
export function chosenLanguage(word: string | null): Language {
  return word === "en" ? "en" : "vi";
}

/** The language that the page begins with: `?lang=en` of its address, or the remembered one. */
export function firstLanguage(): Language {
  return chosenLanguage(new URLSearchParams(location.search).get("lang") ?? localStorage.getItem(KEY));
}

/** Remembers a choice in this browser. */
export function rememberLanguage(language: Language): void {
  localStorage.setItem(KEY, language);
}
