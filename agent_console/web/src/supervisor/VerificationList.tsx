// Verifications as a list that can be searched; its filters live in the page's address.

import { Anchor, Autocomplete, Badge, Button, Group, NativeSelect, Paper, Stack, Table, Text, TextInput, VisuallyHidden } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconFilterOff, IconSearch, IconThumbDown, IconThumbUp } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { searchVerifications } from "../common/api";
import { dateAndTime, startOfDay } from "../common/format";
import { VERIFICATION_STATES } from "../common/looks";
import { problemSentence } from "../common/sentences";
import { Waiting } from "../common/Session";
import { useStore } from "../common/store";
import type { Search, VerificationRow } from "../common/types";
import { type Filters, go, link, NO_FILTERS } from "./address";
import type { FloorConnection } from "./SupervisorApp";

const DAY = 86_400_000_000;
const TYPING_PAUSE = 350;

/** Pure: what the API is asked for; the last day is meant whole. */
export function searchOf(filters: Filters): Search {
  const { q, state, company } = filters;
  const until = filters.to ? startOfDay(filters.to) : null;
  return { q, state, company, from: filters.from ? startOfDay(filters.from) : null, to: until === null ? null : until + DAY };
}

export function VerificationList({ filters, connection }: { filters: Filters; connection: FloorConnection }) {
  const { t } = useTranslation();
  const { data, error, hasNextPage, fetchNextPage, isFetchingNextPage, isFetching, refetch } = useInfiniteQuery({
    queryKey: ["verifications", filters],
    queryFn: ({ pageParam }) => searchVerifications(searchOf(filters), pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.cursor,
    placeholderData: (before) => before,
  });
  const rows = data?.pages.flatMap((page) => page.verifications) ?? [];
  const filtered = Object.values(filters).some((value) => value !== "");
  return (
    <Stack gap="md">
      <VisuallyHidden component="h1">{t("nav.list")}</VisuallyHidden>
      <FilterBar filters={filters} filtered={filtered} connection={connection} rows={rows} />
      {error && (
        <Group>
          <Text role="alert">{problemSentence(t, error)}</Text>
          <Button size="xs" onClick={() => void refetch()}>
            {t("again")}
          </Button>
        </Group>
      )}
      {!data && !error && <Waiting sentence={t("list.loading")} />}
      {data && rows.length === 0 && (
        <Paper p="xl" ta="center">
          <Text fw={500}>{t(filtered ? "list.none_found" : "list.none")}</Text>
          <Text size="sm" c="dimmed">
            {t(filtered ? "list.none_found_sentence" : "list.none_sentence")}
          </Text>
        </Paper>
      )}
      {rows.length > 0 && <Rows rows={rows} dim={isFetching && !isFetchingNextPage} />}
      {hasNextPage && (
        <Button variant="subtle" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {t("more")}
        </Button>
      )}
    </Stack>
  );
}

interface FilterBarProps {
  filters: Filters;
  filtered: boolean;
  connection: FloorConnection;
  rows: VerificationRow[];
}

function FilterBar({ filters, filtered, connection, rows }: FilterBarProps) {
  const { t } = useTranslation();
  const { view } = useStore(connection.state);
  const [typed, setTyped] = useState(filters.q);
  const set = (change: Partial<Filters>, replace = false): void => go({ view: "list", filters: { ...filters, ...change } }, replace);
  const search = useDebouncedCallback((q: string) => set({ q: q.trim() }, true), TYPING_PAUSE);
  const companies = [...new Set([...(view?.teams ?? []).map((team) => team.company), ...rows.map((row) => row.company)])].sort();
  return (
    <form
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        set({ q: typed.trim() });
      }}
    >
      <Group align="flex-end" gap="sm">
        <TextInput
          name="q"
          label={t("list.search")}
          placeholder={t("list.search_hint")}
          leftSection={<IconSearch size={15} />}
          w={340}
          value={typed}
          onChange={(event) => {
            setTyped(event.currentTarget.value);
            search(event.currentTarget.value);
          }}
        />
        <NativeSelect
          name="state"
          label={t("field.state")}
          value={filters.state}
          onChange={(event) => set({ state: event.currentTarget.value })}
          data={[
            { value: "", label: t("list.all") },
            ...Object.keys(VERIFICATION_STATES).map((state) => ({ value: state, label: t(`verification_state.${state}`) })),
          ]}
        />
        <Autocomplete
          name="company"
          label={t("field.company")}
          placeholder={t("list.all")}
          w={130}
          data={companies}
          key={filters.company}
          defaultValue={filters.company}
          onOptionSubmit={(company) => set({ company })}
          onBlur={(event) => {
            const company = event.currentTarget.value.trim().toUpperCase();
            if (company !== filters.company) set({ company });
          }}
        />
        <TextInput
          name="from"
          type="date"
          label={t("list.from")}
          value={filters.from}
          max={filters.to || undefined}
          onChange={(event) => set({ from: event.currentTarget.value }, true)}
        />
        <TextInput
          name="to"
          type="date"
          label={t("list.to")}
          value={filters.to}
          min={filters.from || undefined}
          onChange={(event) => set({ to: event.currentTarget.value }, true)}
        />
        {filtered && (
          <Button
            variant="subtle"
            leftSection={<IconFilterOff size={15} />}
            onClick={() => {
              setTyped("");
              go({ view: "list", filters: NO_FILTERS });
            }}
          >
            {t("list.clear")}
          </Button>
        )}
      </Group>
    </form>
  );
}

function Rows({ rows, dim }: { rows: VerificationRow[]; dim: boolean }) {
  const { t, i18n } = useTranslation();
  return (
    <Paper style={{ opacity: dim ? 0.6 : 1 }}>
      <Table.ScrollContainer minWidth={1080}>
        <Table highlightOnHover verticalSpacing={7} aria-busy={dim}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t("list.created")}</Table.Th>
              <Table.Th>{t("field.full_name")}</Table.Th>
              <Table.Th>{t("field.msisdn")}</Table.Th>
              <Table.Th>{t("list.reference")}</Table.Th>
              <Table.Th>{t("field.company")}</Table.Th>
              <Table.Th>{t("field.channel")}</Table.Th>
              <Table.Th>{t("field.state")}</Table.Th>
              <Table.Th ta="right">{t("list.attempts")}</Table.Th>
              <Table.Th>{t("field.agent")}</Table.Th>
              <Table.Th>{t("list.review")}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.map((row) => (
              <Table.Tr key={row.id}>
                <Table.Td className="figures" style={{ whiteSpace: "nowrap" }}>
                  {dateAndTime(row.created_at, i18n.language)}
                </Table.Td>
                <Table.Td>
                  <Anchor size="sm" fw={500} {...link({ view: "case", id: row.id })}>
                    {row.full_name}
                  </Anchor>
                </Table.Td>
                <Table.Td className="figures">{row.msisdn}</Table.Td>
                <Table.Td>{row.external_ref}</Table.Td>
                <Table.Td>{row.company}</Table.Td>
                <Table.Td>{t(`channel.${row.channel}`)}</Table.Td>
                <Table.Td>
                  <StateBadge state={row.state} />
                </Table.Td>
                <Table.Td ta="right" className="figures">
                  {row.attempts}
                </Table.Td>
                <Table.Td>{row.agent ?? "–"}</Table.Td>
                <Table.Td>{row.review && <Mark mark={row.review} />}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Paper>
  );
}

export function StateBadge({ state, size = "md" }: { state: VerificationRow["state"]; size?: "md" | "lg" }) {
  const { t } = useTranslation();
  const { color, Icon } = VERIFICATION_STATES[state];
  return (
    <Badge size={size} color={color} leftSection={<Icon size={12} />}>
      {t(`verification_state.${state}`)}
    </Badge>
  );
}

export function Mark({ mark }: { mark: "agree" | "disagree" }) {
  const { t } = useTranslation();
  const Icon = mark === "agree" ? IconThumbUp : IconThumbDown;
  return (
    <Badge color={mark === "agree" ? "teal" : "red"} leftSection={<Icon size={12} />}>
      {t(`review.${mark}`)}
    </Badge>
  );
}
