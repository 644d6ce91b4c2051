import { fileURLToPath } from "node:url";

import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const page = (name: string) => fileURLToPath(new URL(name, import.meta.url));

export default defineConfig({
  base: "/console-web/",
  plugins: [react()],
  build: {
    // The pages' content policy takes fonts and scripts from our own origin alone, not from data: addresses.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 800,
    rollupOptions: { input: { agent: page("agent.html"), supervisor: page("supervisor.html"), account: page("account.html") } },
  },
  test: { environment: "jsdom", include: ["src/**/*.test.{ts,tsx}"] },
});
