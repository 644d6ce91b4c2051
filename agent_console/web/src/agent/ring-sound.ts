// The ring as sound: two short tones every two seconds, made here so that nothing has to be loaded. Browsers let a page
// make sound only after a press; the press of [Ready] is that one.

const EVERY = 2_000;

export class RingSound {
  #context: AudioContext | null = null;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** To be called in a press. */
  unlock(): void {
    this.#context ??= new AudioContext();
    this.#context.resume().catch(() => undefined);
  }

  /** Whether the ring would be heard now. */
  get unlocked(): boolean {
    return this.#context?.state === "running";
  }

  start(): void {
    this.stop();
    this.#ring();
    this.#timer = setInterval(() => this.#ring(), EVERY);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #ring(): void {
    if (!this.#context || this.#context.state !== "running") return;
    const now = this.#context.currentTime;
    tone(this.#context, 784, now);
    tone(this.#context, 988, now + 0.22);
  }
}

function tone(context: AudioContext, frequency: number, at: number): void {
  const oscillator = context.createOscillator();
  const gain = context.createGain();
  oscillator.frequency.value = frequency;
  gain.gain.setValueAtTime(0, at);
  gain.gain.linearRampToValueAtTime(0.25, at + 0.02);
  gain.gain.exponentialRampToValueAtTime(0.001, at + 0.4);
  oscillator.connect(gain).connect(context.destination);
  oscillator.start(at);
  oscillator.stop(at + 0.42);
}
