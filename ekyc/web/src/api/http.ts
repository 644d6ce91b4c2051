// JSON over HTTP with our own server; errors come as `Problem`.

import { Problem, type WrongField } from "../common/problem";

interface Told {
  readonly code?: string;
  readonly detail?: string;
  readonly fields?: readonly WrongField[];
}

export interface Sent {
  readonly body?: unknown;
  /** The session's token, where the request needs one. */
  readonly csrf?: string;
}

/** One request; gives the JSON of its answer (undefined for 204). */
export async function request<Answer>(method: string, path: string, { body, csrf }: Sent = {}): Promise<Answer> {
  const response = await fetch(path, {
    method,
    credentials: "same-origin",
    headers: {
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      ...(csrf === undefined ? {} : { "X-Vouch-CSRF": csrf }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }).catch(() => {
    throw new Problem(0, "unreachable");
  });
  if (!response.ok) throw problemOf(response.status, await response.text());
  return (response.status === 204 ? undefined : await response.json()) as Answer;
}

export function problemOf(status: number, body: string): Problem {
  const { code = "our_fault", detail, fields } = read(body);
  return new Problem(status, code, detail, fields);
}

function read(body: string): Told {
  try {
    return JSON.parse(body) as Told;
  } catch {
    // A proxy in between answers in words of its own.
    return {};
  }
}

/** Puts a picture with progress (0 to 1), which fetch cannot tell. */
export function upload<Answer>(path: string, picture: Blob, progress: (share: number) => void, csrf: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const transfer = new XMLHttpRequest();
    transfer.open("PUT", path);
    transfer.setRequestHeader("Content-Type", picture.type);
    transfer.setRequestHeader("X-Vouch-CSRF", csrf);
    transfer.upload.onprogress = ({ loaded, total }) => progress(total ? loaded / total : 0);
    transfer.onerror = () => reject(new Problem(0, "unreachable"));
    transfer.onload = () => {
      if (transfer.status < 300) resolve(JSON.parse(transfer.responseText) as Answer);
      else reject(problemOf(transfer.status, transfer.responseText));
    };
    transfer.send(picture);
  });
}
