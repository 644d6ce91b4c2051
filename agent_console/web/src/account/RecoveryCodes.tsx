// Recovery codes, shown once, to be put away.

import { Alert, Button, Checkbox, Code, Group, SimpleGrid, Stack } from "@mantine/core";
import { IconAlertTriangle, IconCopy, IconPrinter } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";

export function RecoveryCodes({ codes, onKept }: { codes: string[]; onKept: () => void }) {
  const { t } = useTranslation();
  const [kept, setKept] = useState(false);
  const [copied, setCopied] = useState(false);
  const copy = (): void => void navigator.clipboard.writeText(codes.join("\n")).then(() => setCopied(true));
  return (
    <Stack>
      <Alert color="orange" icon={<IconAlertTriangle />} title={t("account.keep_codes")}>
        {t("account.keep_codes_why")}
      </Alert>
      <SimpleGrid cols={1} spacing={4} component="ul" p={0} m={0} style={{ listStyle: "none" }}>
        {codes.map((code) => (
          <li key={code}>
            <Code style={{ fontSize: "0.95rem" }}>{code}</Code>
          </li>
        ))}
      </SimpleGrid>
      <Group>
        <Button variant="default" leftSection={<IconCopy size={16} />} onClick={copy}>
          {t(copied ? "account.copied" : "account.copy")}
        </Button>
        <Button variant="default" leftSection={<IconPrinter size={16} />} onClick={() => print()}>
          {t("account.print")}
        </Button>
      </Group>
      <Checkbox label={t("account.codes_are_kept")} checked={kept} onChange={(event) => setKept(event.currentTarget.checked)} />
      <Button size="md" disabled={!kept} onClick={onKept}>
        {t("account.go_on")}
      </Button>
    </Stack>
  );
}
