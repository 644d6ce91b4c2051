// Why there is no picture or sound, and which sentence mends it. Pure: the words are the pages'.

export type MediaProblemKind =
  | "refused"
  | "refused_by_system"
  | "missing"
  | "in_use"
  | "insecure"
  | "no_picture"
  | "no_sound"
  | "unknown";

export type Browser =
  | "chrome_android"
  | "chrome_ios"
  | "chrome"
  | "edge"
  | "firefox"
  | "firefox_android"
  | "safari"
  | "safari_ios"
  | "samsung"
  | "web_view"
  | "other";

export interface MediaProblem {
  readonly kind: MediaProblemKind;
  readonly device: "camera" | "microphone" | "both";
  readonly browser: Browser;
}

// The older names are what Android web views of shop apps still throw.
const KINDS: Readonly<Record<string, MediaProblemKind>> = {
  NotAllowedError: "refused",
  PermissionDeniedError: "refused",
  PermissionDismissedError: "refused",
  SecurityError: "refused",
  InsecureError: "insecure",
  NotFoundError: "missing",
  DevicesNotFoundError: "missing",
  OverconstrainedError: "missing",
  NotReadableError: "in_use",
  TrackStartError: "in_use",
  AbortError: "in_use",
};

/** What a rejection of getUserMedia means (W3C Media Capture and Streams, 10.2). */
export function kindOf(error: unknown): MediaProblemKind {
  const { name, message } = error instanceof Error ? error : { name: "", message: "" };
  const kind = KINDS[name] ?? "unknown";
  return kind === "refused" && /system/i.test(message) ? "refused_by_system" : kind;
}

const BROWSERS: readonly (readonly [RegExp, Browser])[] = [
  // Apps that open pages inside themselves; they must come first, because they name a real browser too.
  [/; wv\)|FBAN|FBAV|Zalo|Instagram|Line\/|MicroMessenger/, "web_view"],
  [/CriOS|EdgiOS|FxiOS/, "chrome_ios"],
  [/SamsungBrowser/, "samsung"],
  [/Android.*Firefox/, "firefox_android"],
  [/Firefox/, "firefox"],
  [/Edg\//, "edge"],
  [/Android.*Chrome/, "chrome_android"],
  [/Chrome\//, "chrome"],
  [/(iPhone|iPad|iPod).*Safari/, "safari_ios"],
  [/iPhone|iPad|iPod/, "web_view"],
  [/Safari/, "safari"],
];

export function browserOf(userAgent: string): Browser {
  return BROWSERS.find(([pattern]) => pattern.test(userAgent))?.[1] ?? "other";
}

/** Keys of the sentence that mends a problem, the most particular first; pages show the first that they have. */
export function sentenceKeys(problem: MediaProblem): string[] {
  const { kind, browser, device } = problem;
  return [`${kind}.${browser}`, `${kind}.${device}`, `${kind}.other`];
}
