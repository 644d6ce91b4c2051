// The STUN and TURN servers of one call. Their passwords run out, so whoever builds a peer connection asks here each time.

import type { IceServer, IceServers } from "./messages";

export class Relays {
  readonly #ask: () => Promise<IceServers>;
  #known: { readonly servers: readonly IceServer[]; readonly freshUntil: number } | null = null;
  #asking: Promise<readonly IceServer[]> | null = null;

  /** `ask` presses `media.servers`. */
  constructor(ask: () => Promise<IceServers>) {
    this.#ask = ask;
  }

  /** Servers that are good for half of their time yet; throws the answer's code where the server tells none. */
  get(): Promise<readonly IceServer[]> {
    if (this.#known && performance.now() < this.#known.freshUntil) return Promise.resolve(this.#known.servers);
    this.#asking ??= this.#fetch().finally(() => (this.#asking = null));
    return this.#asking;
  }

  async #fetch(): Promise<readonly IceServer[]> {
    const askedAt = performance.now();
    const { code, servers, ttl_s } = await this.#ask();
    if (code !== "ok") throw new Error(code);
    this.#known = { servers, freshUntil: askedAt + ttl_s * 500 };
    return servers;
  }
}
