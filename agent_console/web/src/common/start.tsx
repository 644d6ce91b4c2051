// Puts a page of ours on the screen: language, colours, requests.

import "@fontsource/be-vietnam-pro/400.css";
import "@fontsource/be-vietnam-pro/500.css";
import "@fontsource/be-vietnam-pro/600.css";
import "@fontsource/be-vietnam-pro/700.css";
import "@mantine/core/styles.css";
import "./styles.css";

import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { type ReactNode, StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { Problem } from "./api";
import { startLanguage } from "./language";
import { theme } from "./theme";

// A refusal stays one however often it is asked for; only what did not reach us is worth another try.
const retry = (failures: number, error: Error): boolean => failures < 2 && error instanceof Problem && error.status === 0;

/** Show `page`, whose title is the sentence `title`; called once. */
export async function start(page: ReactNode, title: string): Promise<void> {
  await startLanguage(title);
  const requests = new QueryClient({ defaultOptions: { queries: { retry, refetchOnWindowFocus: false } } });
  const root = document.getElementById("root");
  if (!root) throw new Error("the page has no #root");
  createRoot(root).render(
    <StrictMode>
      <MantineProvider theme={theme} defaultColorScheme="auto">
        <QueryClientProvider client={requests}>{page}</QueryClientProvider>
      </MantineProvider>
    </StrictMode>,
  );
}
