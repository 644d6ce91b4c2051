// Colours, type and sizes of the caller's pages: one accent, neutral greys, controls that a thumb hits.

import {
  Button,
  Checkbox,
  createTheme,
  NativeSelect,
  PasswordInput,
  TextInput,
  type MantineColorsTuple,
} from "@mantine/core";

const teal: MantineColorsTuple = [
  "#e6f6f4",
  "#cfeae7",
  "#9fd5cf",
  "#6cbfb7",
  "#42aca2",
  "#1f9b90",
  "#0e7d75",
  "#0b6e69",
  "#085a56",
  "#054744",
];

export const theme = createTheme({
  colors: { teal },
  primaryColor: "teal",
  primaryShade: { light: 7, dark: 6 },
  autoContrast: true,
  luminanceThreshold: 0.36,
  fontFamily: "'Be Vietnam Pro', system-ui, sans-serif",
  headings: { fontFamily: "'Be Vietnam Pro', system-ui, sans-serif", fontWeight: "600" },
  defaultRadius: "md",
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    Button: Button.extend({ defaultProps: { size: "lg" }, classNames: { root: "button", inner: "button-inner", label: "button-label" } }),
    TextInput: TextInput.extend({ defaultProps: { size: "md" } }),
    PasswordInput: PasswordInput.extend({ defaultProps: { size: "md" } }),
    NativeSelect: NativeSelect.extend({ defaultProps: { size: "md" } }),
    Checkbox: Checkbox.extend({ defaultProps: { size: "md" } }),
  },
});
