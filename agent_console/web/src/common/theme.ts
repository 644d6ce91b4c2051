// Colours, type and sizes of all staff pages: one accent, neutral greys, compact controls.

import { Badge, Button, createTheme, Menu, Paper, Tooltip, type MantineColorsTuple } from "@mantine/core";

const teal: MantineColorsTuple = [
  "#e6f6f4",
  "#cfeae7",
  "#9fd5cf",
  "#6cbfb7",
  "#42aca2",
  "#1f9b90",
  "#0d7d75",
  "#0b6e69",
  "#085a56",
  "#054744",
];

// The stock shades are too pale for text of 4.5 : 1 on them, or of them on their own tint (WCAG 2.2, 1.4.3).
const red: MantineColorsTuple = [
  "#fff5f5",
  "#ffe3e3",
  "#ffc9c9",
  "#ffa8a8",
  "#ff8787",
  "#f25555",
  "#d42626",
  "#c42525",
  "#b02020",
  "#9c1b1b",
];
const orange: MantineColorsTuple = [
  "#fff4e6",
  "#ffe8cc",
  "#ffd8a8",
  "#ffc078",
  "#ffa94d",
  "#f08418",
  "#b95405",
  "#ab4d04",
  "#a04404",
  "#8f3b05",
];

export const theme = createTheme({
  colors: { teal, red, orange },
  primaryColor: "teal",
  primaryShade: { light: 7, dark: 6 },
  autoContrast: true,
  luminanceThreshold: 0.36,
  fontFamily: "'Be Vietnam Pro', system-ui, sans-serif",
  headings: { fontFamily: "'Be Vietnam Pro', system-ui, sans-serif", fontWeight: "600" },
  fontSizes: { xs: "0.75rem", sm: "0.8125rem", md: "0.875rem", lg: "1rem", xl: "1.25rem" },
  defaultRadius: "sm",
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    Button: Button.extend({ defaultProps: { size: "sm" }, classNames: { root: "button", inner: "button-inner", label: "button-label" } }),
    Badge: Badge.extend({ defaultProps: { variant: "light", tt: "none" } }),
    // A placeholder that takes the focus is no menu item, and a portal lies outside of every landmark.
    Menu: Menu.extend({ defaultProps: { withInitialFocusPlaceholder: false, withinPortal: false } }),
    Paper: Paper.extend({ defaultProps: { withBorder: true } }),
    Tooltip: Tooltip.extend({ defaultProps: { withArrow: true, openDelay: 300, withinPortal: false } }),
  },
});
