// Asks the server to compare, whenever a card side has arrived or what was typed rests for a moment.

import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";

import { checkCard, type Typed } from "../api/ekyc";
import type { PaperTray, Tray } from "../papers/tray";

const REST = 600;

/** `csrf`: of the dealer's session; the comparison waits until there is one. */
export function useCheck(tray: PaperTray, papers: Tray, typed: Typed, csrf: string | undefined) {
  const sides = [papers.id_front, papers.id_back].filter(({ phase }) => phase === "kept").map(({ preview }) => preview);
  // As text: an object made anew with each drawing of the page would never come to rest.
  const [rested] = useDebouncedValue(JSON.stringify(typed), REST);
  const { data, isFetching, isError } = useQuery({
    queryKey: ["check", sides, rested],
    queryFn: async () => checkCard(await tray.draft(), JSON.parse(rested) as Typed, csrf ?? ""),
    enabled: sides.length > 0 && csrf !== undefined,
    placeholderData: keepPreviousData,
    retry: 1,
  });
  const held = [papers.id_front, papers.id_back].some((side) => side.phase === "held");
  const phase = held ? "held" : sides.length === 0 ? "nothing_yet" : isFetching ? "reading" : isError ? "failed" : "read";
  return { fields: sides.length > 0 ? data : undefined, phase } as const;
}
