// The agent's own calls of today, newest first, page by page.

import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";

import { ownCalls } from "../common/api";
import { useConsole } from "./context";

const KEY = ["calls", "today"];

export function useToday() {
  return useInfiniteQuery({
    queryKey: KEY,
    queryFn: ({ pageParam }) => ownCalls(pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.cursor,
    staleTime: 60_000,
  });
}

/** Read the list anew whenever a call leaves the desk or comes to its end. */
export function useTodayFollowsCalls(): void {
  const client = useQueryClient();
  const { call } = useConsole().view;
  const state = call ? `${call.id} ${call.outcome} ${call.verdict}` : "";
  useEffect(() => void client.invalidateQueries({ queryKey: KEY }), [client, state]);
}
