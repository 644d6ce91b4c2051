// An explanation in the order in which it happened, and the reasons of one offer with the people whom they held for. Pure.

import type { CallExplanation, Offered, Person, Waited } from "../common/types";

/** A stretch in the queue this short is one of the moments of every call, until its page has connected. */
const MOMENT = 1_000_000;

/** Offers and the waits that anybody noticed, oldest first. */
export function happened({ offers, waits }: Pick<CallExplanation, "offers" | "waits">): (Offered | Waited)[] {
  const all = [...waits, ...offers].sort((a, b) => a.at - b.at);
  return all.filter((one, index) => {
    const next = all[index + 1];
    return "offer" in one || next === undefined || next.at - one.at >= MOMENT;
  });
}

/** Reasons with how many they held for, the most frequent first, and their names where they may be seen. */
export function byReason({ reasons, excluded }: Pick<Offered, "reasons" | "excluded">): { reason: string; count: number; names: string[] }[] {
  return Object.entries(reasons)
    .map(([reason, count]) => ({
      reason,
      count,
      names: excluded.filter((one) => one.reason === reason).map(({ agent }) => nameOf(agent)),
    }))
    .sort((a, b) => b.count - a.count);
}

/** What a member of staff is called; one whose account is gone has only an id. */
export function nameOf(person: Person): string {
  return person.full_name || person.username || person.id;
}
