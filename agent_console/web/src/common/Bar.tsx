// The bar at the top of every staff page, and what stands at its right end: language, light or dark, account.

import { ActionIcon, Box, Button, Group, Menu, SegmentedControl, Text, useMantineColorScheme } from "@mantine/core";
import { useComputedColorScheme } from "@mantine/core";
import { IconChevronDown, IconLogout, IconMoon, IconSun, IconUser, IconUserCog } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import icon from "./icon.svg";
import { chooseLanguage, type Language, LANGUAGES } from "./language";
import { useMe, useSignOut } from "./Session";

export function Bar({ children, extras, locked }: { children?: ReactNode; extras?: ReactNode; locked?: string | undefined }) {
  const me = useMe();
  return (
    <Box component="header" bg="var(--mantine-color-body)" px="md" style={barStyle}>
      <Group h={50} gap="md" wrap="nowrap">
        <Group gap={8} wrap="nowrap">
          <img src={icon} width={24} height={24} alt="" />
          <Text fw={700} size="lg">
            {"Vouch"}
          </Text>
          {me.company && (
            <Text c="dimmed" fw={500}>
              {me.company}
            </Text>
          )}
        </Group>
        <Group gap="md" wrap="nowrap" flex={1} miw={0}>
          {children}
        </Group>
        <Group gap={6} wrap="nowrap">
          {extras}
          <LanguageSwitch />
          <SchemeSwitch />
          <AccountMenu locked={locked} />
        </Group>
      </Group>
    </Box>
  );
}

const barStyle = { borderBottom: "1px solid var(--mantine-color-default-border)", position: "sticky", top: 0, zIndex: 10 } as const;

export function LanguageSwitch() {
  const { t, i18n } = useTranslation();
  return (
    <SegmentedControl
      size="xs"
      aria-label={t("bar.language")}
      data={LANGUAGES.map((language) => ({ value: language, label: language.toUpperCase() }))}
      value={i18n.language}
      onChange={(language) => void chooseLanguage(language as Language)}
    />
  );
}

export function SchemeSwitch() {
  const { t } = useTranslation();
  const { setColorScheme } = useMantineColorScheme();
  const dark = useComputedColorScheme("light") === "dark";
  return (
    <ActionIcon
      variant="default"
      size={30}
      aria-label={t(dark ? "bar.light" : "bar.dark")}
      title={t(dark ? "bar.light" : "bar.dark")}
      onClick={() => setColorScheme(dark ? "light" : "dark")}
    >
      {dark ? <IconSun size={16} /> : <IconMoon size={16} />}
    </ActionIcon>
  );
}

function AccountMenu({ locked }: { locked?: string | undefined }) {
  const { t } = useTranslation();
  const me = useMe();
  const signOut = useSignOut();
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="default" size="xs" leftSection={<IconUser size={14} />} rightSection={<IconChevronDown size={14} />}>
          {me.username}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {me.full_name} · {t(`role.${me.role}`)}
        </Menu.Label>
        {/* Of its own tab: a call goes on in this one. */}
        <Menu.Item component="a" href="/account" target="_blank" leftSection={<IconUserCog size={14} />}>
          {t("account.title")}
        </Menu.Item>
        <Menu.Item leftSection={<IconLogout size={14} />} disabled={locked !== undefined} onClick={signOut}>
          {t("bar.sign_out")}
          {locked && (
            <Text size="xs" c="dimmed">
              {locked}
            </Text>
          )}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
