// The one clock by which all of a call's players run. Pure but for the time, which is given to it in milliseconds.

/** Where the clock stands on the axis, in microseconds, and how it runs. */
export class MasterClock {
  #base = 0;
  #since: number | null = null;
  #speed = 1;

  constructor(readonly length: number) {}

  get runs(): boolean {
    return this.#since !== null;
  }

  get speed(): number {
    return this.#speed;
  }

  /** Where it stands; it stops at the end by itself. */
  at(now: number): number {
    const run = this.#since === null ? 0 : (now - this.#since) * 1_000 * this.#speed;
    return Math.min(this.length, this.#base + run);
  }

  run(now: number): void {
    this.#since ??= now;
  }

  stop(now: number): void {
    this.#base = this.at(now);
    this.#since = null;
  }

  seek(at: number, now: number): void {
    this.#base = Math.min(this.length, Math.max(0, at));
    if (this.#since !== null) this.#since = now;
  }

  setSpeed(speed: number, now: number): void {
    this.#base = this.at(now);
    if (this.#since !== null) this.#since = now;
    this.#speed = speed;
  }
}
