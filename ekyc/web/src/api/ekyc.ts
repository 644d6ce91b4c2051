// /api/ekyc: the dealer's screen (docs/http.md).

import { request, upload } from "./http";

export type PaperKind = "id_front" | "id_back" | "portrait";
export const PAPER_KINDS = ["id_front", "id_back", "portrait"] as const satisfies readonly PaperKind[];
export type Source = "camera" | "file";

export interface ConsentText {
  readonly version: string;
  readonly text: { readonly vi: string; readonly en: string };
}

export interface Dealer {
  readonly username: string;
  readonly full_name: string;
  readonly shop: string;
  readonly company: string;
  readonly csrf: string;
}

export interface Config {
  readonly files: boolean;
  readonly consent: ConsentText;
  readonly id_types: readonly string[];
  readonly customer_types: readonly string[];
  readonly payments: readonly string[];
  readonly sub_types: readonly { readonly code: string; readonly name: string }[];
  readonly dealer: Dealer | null;
}

export interface Compared {
  readonly field: string;
  readonly typed: string;
  readonly read: string | null;
  readonly result: "match" | "differs" | "not_assessed";
}

export interface Typed {
  readonly full_name: string;
  readonly id_number: string;
  readonly date_of_birth: string;
}

/** All that the form's fields hold. */
export interface Details extends Typed {
  readonly id_type: string;
  readonly address: string;
  readonly msisdn: string;
  readonly sub_type: string;
  readonly customer_type: string;
  readonly payment: string;
}

export interface CallRequest extends Details {
  readonly consent_version: string;
}

export interface Opened {
  readonly verification: string;
  readonly decision: "required" | "optional" | "not_possible";
  readonly rule: string;
}

const draftPath = (draft: string): string => `/api/ekyc/drafts/${encodeURIComponent(draft)}`;

export const getConfig = (): Promise<Config> => request("GET", "/api/ekyc/config");

/** For the shift; nothing is uploaded before. */
export const signDealerIn = (username: string, password: string): Promise<Dealer> =>
  request("POST", "/api/ekyc/dealer", { body: { username, password } });

export const signDealerOut = (csrf: string): Promise<void> => request("DELETE", "/api/ekyc/dealer", { csrf });

/** `csrf`: of the dealer's session, here and below. */
export const newDraft = async (csrf: string): Promise<string> =>
  (await request<{ draft: string }>("POST", "/api/ekyc/drafts", { csrf })).draft;

export const putPicture = (
  draft: string,
  kind: PaperKind,
  source: Source,
  picture: Blob,
  progress: (share: number) => void,
  csrf: string,
): Promise<{ warnings: readonly string[] }> =>
  upload(`${draftPath(draft)}/pictures/${kind}?source=${source}`, picture, progress, csrf);

export const checkCard = async (draft: string, typed: Typed, csrf: string): Promise<readonly Compared[]> =>
  (await request<{ fields: Compared[] }>("POST", `${draftPath(draft)}/check`, { body: typed, csrf })).fields;

export const openCall = (draft: string, body: CallRequest, csrf: string): Promise<Opened> =>
  request("POST", `${draftPath(draft)}/call`, { body, csrf });
