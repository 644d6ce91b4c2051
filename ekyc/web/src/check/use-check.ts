// Asks the server to compare, whenever a card side has arrived or what was typed rests for a moment.

import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";

import { checkCard, type Typed } from "../api/ekyc";
import type { PaperTray, Tray } from "../papers/tray";

const REST = 600;

export function useCheck(tray: PaperTray, papers: Tray, typed: Typed) {
  const sides = [papers.id_front, papers.id_back].filter(({ phase }) => phase === "kept").map(({ preview }) => preview);
  // As text: an object made anew with each drawing of the page would never come to rest.
  const [rested] = useDebouncedValue(JSON.stringify(typed), REST);
  const { data, isFetching, isError } = useQuery({
    queryKey: ["check", sides, rested],
    queryFn: async () => checkCard(await tray.draft(), JSON.parse(rested) as Typed),
    enabled: sides.length > 0,
    placeholderData: keepPreviousData,
    retry: 1,
  });
  const phase = sides.length === 0 ? "nothing_yet" : isFetching ? "reading" : isError ? "failed" : "read";
  return { fields: sides.length > 0 ? data : undefined, phase } as const;
}
