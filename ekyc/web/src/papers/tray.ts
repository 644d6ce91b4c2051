// The pictures of the papers on their way to the server: each is made smaller, looked at, sent with progress, and tried
// again alone. While no dealer is signed in they stay here. The draft that collects them is opened with the first and
// replaced when it has expired or another dealer has signed in.

import { Store } from "#client";

import { PAPER_KINDS, type PaperKind, type Source } from "../api/ekyc";
import { Problem } from "../common/problem";

export interface Paper {
  /** `held`: ready, and waiting in this page until a dealer is signed in. */
  readonly phase: "empty" | "preparing" | "held" | "sending" | "kept" | "failed";
  /** Share of it that is sent, 0 to 1. */
  readonly progress: number;
  /** Address of the picture in this page; null before it could be opened. */
  readonly preview: string | null;
  /** Code of what went wrong. */
  readonly problem: string | null;
  readonly warnings: readonly string[];
}

export type Tray = Readonly<Record<PaperKind, Paper>>;

/** What the tray needs of the world. */
export interface TrayPorts {
  readonly newDraft: (csrf: string) => Promise<string>;
  readonly put: (
    draft: string,
    kind: PaperKind,
    source: Source,
    picture: Blob,
    progress: (share: number) => void,
    csrf: string,
  ) => Promise<{ readonly warnings: readonly string[] }>;
  readonly shrink: (picture: Blob) => Promise<Blob>;
  /** Codes of what may make a picture less useful, as far as the page can see; Problem where it is of no use. */
  readonly inspect: (picture: Blob, kind: PaperKind) => Promise<readonly string[]>;
  /** The server knows no dealer on this browser (any more). */
  readonly signedOut: () => void;
}

interface Taken {
  readonly source: Source;
  readonly original: Blob;
  small: Blob | null;
  warnings: readonly string[];
}

const EMPTY: Paper = { phase: "empty", progress: 0, preview: null, problem: null, warnings: [] };

export class PaperTray {
  readonly state = new Store<Tray>({ id_front: EMPTY, id_back: EMPTY, portrait: EMPTY });
  readonly #ports: TrayPorts;
  readonly #taken = new Map<PaperKind, Taken>();
  readonly #running = new Map<PaperKind, Promise<void>>();
  #draft: Promise<string> | null = null;
  /** Of the dealer's session. */
  #csrf: string | null = null;

  constructor(ports: TrayPorts) {
    this.#ports = ports;
  }

  /** A new picture of a kind, in place of an older one. */
  take(kind: PaperKind, source: Source, picture: Blob): void {
    this.#taken.set(kind, { source, original: picture, small: null, warnings: [] });
    this.retry(kind);
  }

  /** Sends a kind's picture (again). */
  retry(kind: PaperKind): void {
    const taken = this.#taken.get(kind);
    if (!taken) return;
    // One at a time for each kind: an older picture that is slow on its way must not arrive after the newer one.
    const before = this.#running.get(kind) ?? Promise.resolve();
    const run: Promise<void> = before.then(() => this.#send(kind, taken)).finally(() => {
      if (this.#running.get(kind) === run) this.#running.delete(kind);
    });
    this.#running.set(kind, run);
  }

  /** Resolves once nothing is under way; what failed is in the state. */
  async settled(): Promise<void> {
    while (this.#running.size) await Promise.all(this.#running.values());
  }

  /** Who is signed in, by the session's token: what waited goes up; with null what comes stays here. */
  admit(csrf: string | null): void {
    if (csrf === this.#csrf) return;
    this.#csrf = csrf;
    // A draft is its dealer's alone.
    this.#draft = null;
    for (const kind of PAPER_KINDS) {
      const { phase } = this.state.get()[kind];
      // What is still being prepared asks for itself who is signed in.
      if (csrf !== null && (phase === "held" || phase === "kept" || phase === "sending")) this.retry(kind);
      else if (phase === "kept") this.state.set({ [kind]: { ...this.state.get()[kind], phase: "held" } });
    }
  }

  /** The draft that holds the pictures; Problem `dealer_needed` while nobody is signed in. */
  draft(): Promise<string> {
    const csrf = this.#csrf;
    if (csrf === null) return Promise.reject(new Problem(401, "dealer_needed"));
    this.#draft ??= this.#ports.newDraft(csrf).catch((error: unknown) => {
      this.#draft = null;
      throw error;
    });
    return this.#draft;
  }

  /** The draft has expired at the server: everything goes into a new one. */
  async renew(): Promise<void> {
    this.#draft = null;
    for (const kind of PAPER_KINDS) this.retry(kind);
    await this.settled();
  }

  async #send(kind: PaperKind, taken: Taken): Promise<void> {
    const show = (change: Partial<Paper>): void => {
      if (this.#taken.get(kind) === taken) this.state.set({ [kind]: { ...this.state.get()[kind], ...change } });
    };
    if (this.#taken.get(kind) !== taken) return;
    try {
      show({ ...EMPTY, phase: "preparing", preview: this.state.get()[kind].preview });
      taken.small ??= await this.#ports.shrink(taken.original);
      show({ preview: this.#preview(kind, taken.small) });
      taken.warnings = await this.#ports.inspect(taken.small, kind);
      if (this.#csrf === null) return show({ phase: "held", warnings: taken.warnings });
      show({ phase: "sending" });
      const { warnings } = await this.#put(kind, taken, (progress) => show({ progress }));
      show({ phase: "kept", progress: 1, warnings: [...new Set([...warnings, ...taken.warnings])] });
    } catch (error) {
      if (isSignedOut(error)) return this.#hold(() => show({ phase: "held", warnings: taken.warnings }));
      show({ phase: "failed", problem: error instanceof Problem ? error.code : "our_fault" });
    }
  }

  /** The shift is over, or another tab has begun one: nothing is lost, and everything goes up with the next. */
  #hold(show: () => void): void {
    show();
    this.admit(null);
    this.#ports.signedOut();
  }

  async #put(kind: PaperKind, { source, small }: Taken, progress: (share: number) => void) {
    const draft = this.draft();
    const put = async (into: Promise<string>) => this.#ports.put(await into, kind, source, small as Blob, progress, this.#csrf ?? "");
    try {
      return await put(draft);
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 404) throw error;
      // Several pictures may find the draft gone; the first one opens the next, and takes along what was kept.
      if (this.#draft === draft) {
        this.#draft = null;
        for (const other of PAPER_KINDS) if (this.state.get()[other].phase === "kept") this.retry(other);
      }
      return put(this.draft());
    }
  }

  #preview(kind: PaperKind, picture: Blob): string {
    const old = this.state.get()[kind].preview;
    if (old) URL.revokeObjectURL(old);
    return URL.createObjectURL(picture);
  }
}

function isSignedOut(error: unknown): boolean {
  return error instanceof Problem && (error.code === "dealer_needed" || error.code === "bad_csrf_token");
}

/** The kinds that have been taken and can be used, on the server or still in this page. */
export function takenPapers(tray: Tray): ReadonlySet<PaperKind> {
  return new Set(PAPER_KINDS.filter((kind) => tray[kind].phase === "kept" || tray[kind].phase === "held"));
}

/** The kinds whose pictures the server has. */
export function keptPapers(tray: Tray): ReadonlySet<PaperKind> {
  return new Set(PAPER_KINDS.filter((kind) => tray[kind].phase === "kept"));
}
