// How a player that runs by itself is kept to the common clock: left alone, made a little faster or slower, or put right
// at once. Pure.

/** Players are left alone up to here; two of them are then at most twice as far apart. Seconds. */
export const NEAR = 0.03;
/** Beyond this nobody waits for a player to catch up. Seconds. */
export const FAR = 0.25;
const SLIGHTLY = 0.03;
const CLEARLY = 0.08;

export type Correction = { readonly seek: true } | { readonly seek: false; readonly rate: number };

/** What to do with a player that is `ahead` of the clock by so many seconds (negative: behind) at this speed. */
export function correction(ahead: number, speed: number): Correction {
  const distance = Math.abs(ahead);
  if (distance > FAR) return { seek: true };
  if (distance <= NEAR) return { seek: false, rate: speed };
  const change = distance < 2 * NEAR ? SLIGHTLY : CLEARLY;
  return { seek: false, rate: speed * (1 - Math.sign(ahead) * change) };
}
