// Colours, type and sizes of all staff pages: one accent, neutral greys, compact controls.

import { Badge, Button, createTheme, Paper, Tooltip, type MantineColorsTuple } from "@mantine/core";

const teal: MantineColorsTuple = [
  "#e6f6f4",
  "#cfeae7",
  "#9fd5cf",
  "#6cbfb7",
  "#42aca2",
  "#1f9b90",
  "#0f857c",
  "#0b6e69",
  "#085a56",
  "#054744",
];

export const theme = createTheme({
  colors: { teal },
  primaryColor: "teal",
  primaryShade: { light: 7, dark: 5 },
  autoContrast: true,
  luminanceThreshold: 0.36,
  fontFamily: "'Be Vietnam Pro', system-ui, sans-serif",
  headings: { fontFamily: "'Be Vietnam Pro', system-ui, sans-serif", fontWeight: "600" },
  fontSizes: { xs: "0.75rem", sm: "0.8125rem", md: "0.875rem", lg: "1rem", xl: "1.25rem" },
  defaultRadius: "sm",
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    Button: Button.extend({ defaultProps: { size: "sm" } }),
    Badge: Badge.extend({ defaultProps: { variant: "light", tt: "none" } }),
    Paper: Paper.extend({ defaultProps: { withBorder: true } }),
    Tooltip: Tooltip.extend({ defaultProps: { withArrow: true, openDelay: 300 } }),
  },
});
