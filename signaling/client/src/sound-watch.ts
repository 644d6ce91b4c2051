// Whether the system has taken the sound away from the page: a phone call, an assistant, another app. iOS says so by its
// audio session, where that is missing by an AudioContext in the state "interrupted"; others mute the track instead.

/** What of navigator.audioSession and of an AudioContext matters here. */
export interface SoundSource extends EventTarget {
  readonly state: string;
}

const IOS = /iPhone|iPad|iPod/;

/** Calls `told` at each change; gives the end. Does nothing where the system tells by the tracks alone. */
export function watchSound(told: (isTaken: boolean) => void): () => void {
  const session = (navigator as Navigator & { readonly audioSession?: Partial<SoundSource> }).audioSession;
  if (session?.addEventListener) return follow(session as SoundSource, told);
  if (!IOS.test(navigator.userAgent) || typeof AudioContext === "undefined") return () => undefined;
  const context = new AudioContext();
  context.resume().catch(() => undefined);
  const end = follow(context, told);
  return () => {
    end();
    void context.close();
  };
}

/** As `watchSound`, of a known source. */
export function follow(source: SoundSource, told: (isTaken: boolean) => void): () => void {
  let wasTaken = false;
  const look = (): void => {
    const isTaken = source.state === "interrupted";
    if (isTaken !== wasTaken) told(isTaken);
    wasTaken = isTaken;
  };
  source.addEventListener("statechange", look);
  return () => source.removeEventListener("statechange", look);
}
