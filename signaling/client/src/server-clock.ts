// The server's time, kept from its views and the page's monotonic clock. The device's own clock is never asked: it may
// be hours wrong, or set on purpose.

const MICROSECONDS = 1000;

export class ServerClock {
  #offset: number | null = null;
  #fresh = true;

  /** The next time heard replaces what is known: after a new connection another node's clock counts. */
  restart(): void {
    this.#fresh = true;
  }

  /** A view said `serverTime` (microseconds UTC) and was read at `monotonic` (milliseconds of performance.now()). */
  heard(serverTime: number, monotonic: number): void {
    const offset = serverTime - monotonic * MICROSECONDS;
    // A view that took long to arrive shows too small an offset. The largest is the nearest to the truth, also after
    // a sleep of the machine, during which some browsers stop the monotonic clock.
    this.#offset = this.#fresh || this.#offset === null ? offset : Math.max(this.#offset, offset);
    this.#fresh = false;
  }

  /** The server's time in microseconds UTC; 0 before the first view. */
  now(monotonic: number): number {
    return this.#offset === null ? 0 : Math.round(this.#offset + monotonic * MICROSECONDS);
  }
}
