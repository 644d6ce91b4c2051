// The frame of whatever stands before a page: signing in, and what is left to be done then.

import { Alert, Box, Center, Group, Paper, PasswordInput, Text, Title, type PasswordInputProps } from "@mantine/core";
import { IconAlertCircle } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { LanguageSwitch, SchemeSwitch } from "../common/Bar";
import icon from "../common/icon.svg";
import { Problem } from "../common/api";
import { problemSentence } from "../common/sentences";

export function Entry({ title, subtitle, children }: { title: string; subtitle: string; children: ReactNode }) {
  return (
    <Box mih="100%" style={{ display: "flex", flexDirection: "column" }}>
      <Group component="header" justify="flex-end" p="md" gap={6}>
        <LanguageSwitch />
        <SchemeSwitch />
      </Group>
      <Center component="main" flex={1} px="sm" pb={80}>
        <Paper p="xl" w={400} maw="100%" shadow="xs">
          <Group gap="sm" wrap="nowrap" align="flex-start" mb="md">
            <img src={icon} width={34} height={34} alt="" />
            <div>
              <Title order={1} size="h3">
                {title}
              </Title>
              <Text c="dimmed" size="sm">
                {subtitle}
              </Text>
            </div>
          </Group>
          {children}
        </Paper>
      </Center>
    </Box>
  );
}

/** A password, which can be shown. */
export function Secret(props: PasswordInputProps) {
  const { t } = useTranslation();
  return <PasswordInput required visibilityToggleButtonProps={{ "aria-label": t("session.show_password") }} {...props} />;
}

/** What went wrong, said at once; `confirming` where a password was asked for and no name. */
export function Wrong({ error, confirming = false }: { error: unknown; confirming?: boolean }) {
  const { t } = useTranslation();
  if (!error) return null;
  const own = confirming && error instanceof Problem && error.code === "wrong_password";
  return (
    <Alert color="red" icon={<IconAlertCircle />} role="alert">
      {own ? t("account.wrong_password") : problemSentence(t, error)}
    </Alert>
  );
}
