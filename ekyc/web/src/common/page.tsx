// What both pages stand in: providers, the bar with language and colours, and the type.

import "@mantine/core/styles.layer.css";
import "@fontsource/be-vietnam-pro/400.css";
import "@fontsource/be-vietnam-pro/500.css";
import "@fontsource/be-vietnam-pro/600.css";
import "./page.css";

import { ActionIcon, Group, Image, MantineProvider, SegmentedControl, Text, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { IconMoon, IconSun } from "@tabler/icons-react";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode, useEffect, type ReactNode } from "react";
import { createRoot } from "react-dom/client";
import { useTranslation } from "react-i18next";

import icon from "./icon.svg";
import { chooseLanguage, startLanguage, useLanguage, type Language } from "./language";
import { Problem } from "./problem";
import { theme } from "./theme";

const LANGUAGES = [
  { value: "vi", label: "Tiếng Việt" },
  { value: "en", label: "English" },
];

// What was refused stays refused; only an unreachable server is asked again.
const queries = new QueryClient({
  defaultOptions: {
    queries: { retry: (count, error) => count < 3 && error instanceof Problem && error.status === 0, refetchOnWindowFocus: false },
  },
});

/** Shows a page once its language is there. */
export async function showPage(content: ReactNode): Promise<void> {
  await startLanguage();
  const root = document.getElementById("root");
  if (!root) throw new Error("the page has no root element");
  createRoot(root).render(
    <StrictMode>
      <MantineProvider theme={theme} defaultColorScheme="auto">
        <QueryClientProvider client={queries}>{content}</QueryClientProvider>
      </MantineProvider>
    </StrictMode>,
  );
}

interface TopBarProps {
  readonly page: "ekyc" | "call";
  /** In place of the page's name. */
  readonly title?: string | undefined;
  readonly subtitle?: string | undefined;
}

export function TopBar({ page, title, subtitle }: TopBarProps) {
  const { t } = useTranslation();
  const language = useLanguage();
  const scheme = useComputedColorScheme("light");
  const { setColorScheme } = useMantineColorScheme();
  const isDark = scheme === "dark";
  const name = t(`page.${page}`);
  useEffect(() => {
    // The page's name alone: tabs and histories are read by others too.
    document.title = `${name} · Vouch`;
  }, [name]);
  return (
    <Group component="header" className="top-bar" justify="space-between" wrap="nowrap">
      <Group gap="xs" wrap="nowrap" className="top-bar-title">
        <Image src={icon} w={28} h={28} alt="" />
        <div>
          <Text component="h1" fw={600} lh={1.25} lineClamp={subtitle ? 1 : 2}>
            {title ?? name}
          </Text>
          {subtitle && (
            <Text size="sm" lh={1.25} c="dimmed">
              {subtitle}
            </Text>
          )}
        </div>
      </Group>
      <Group gap="xs" wrap="nowrap">
        <SegmentedControl
          size="xs"
          value={language}
          onChange={(value) => void chooseLanguage(value as Language)}
          data={LANGUAGES.map(({ value, label }) => ({ value, label: <span title={label}>{value.toUpperCase()}</span> }))}
          aria-label={t("page.language")}
        />
        <ActionIcon
          variant="default"
          size="lg"
          onClick={() => setColorScheme(isDark ? "light" : "dark")}
          aria-label={t(isDark ? "page.light" : "page.dark")}
        >
          {isDark ? <IconSun size={18} /> : <IconMoon size={18} />}
        </ActionIcon>
      </Group>
    </Group>
  );
}
