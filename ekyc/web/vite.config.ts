import { fileURLToPath } from "node:url";

import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const page = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

export default defineConfig({
  base: "/ekyc-web/",
  plugins: [react()],
  build: {
    // The pages' content policy takes fonts and scripts from our own origin alone, not from data: addresses.
    assetsInlineLimit: 0,
    // The components library; compressed it is a third of this.
    chunkSizeWarningLimit: 700,
    rollupOptions: { input: { ekyc: page("ekyc.html"), call: page("call.html") } },
  },
  test: { environment: "jsdom", include: ["src/**/*.test.{ts,tsx}"] },
});
