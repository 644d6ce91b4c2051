// The dealer's account: in the page from the start, shown when [Call] asks for it, not asked while signed in.

import { Anchor, Group, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { IconBuildingStore } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";

import { signDealerOut, type Dealer } from "../api/ekyc";
import { Notice } from "../common/notice";

export interface Account {
  readonly dealer: string;
  readonly dealer_password: string;
}

interface DealerPanelProps {
  readonly account: Account;
  readonly asked: boolean;
  readonly problem: string | null;
  readonly change: (account: Account) => void;
}

export function DealerPanel({ account, asked, problem, change }: DealerPanelProps) {
  const { t } = useTranslation();
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (!asked) return;
    first.current?.scrollIntoView({ block: "center" });
    first.current?.focus({ preventScroll: true });
  }, [asked]);
  return (
    <Stack gap="sm" hidden={!asked} display={asked ? undefined : "none"}>
      <Notice tone="info" icon={<IconBuildingStore />} title={t("dealer.title")}>
        {t("dealer.why")}
      </Notice>
      <TextInput
        ref={first}
        name="dealer"
        label={t("dealer.username")}
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        value={account.dealer}
        onChange={(event) => change({ ...account, dealer: event.currentTarget.value })}
      />
      <PasswordInput
        name="dealer_password"
        label={t("dealer.password")}
        autoComplete="current-password"
        value={account.dealer_password}
        error={problem}
        onChange={(event) => change({ ...account, dealer_password: event.currentTarget.value })}
        visibilityToggleButtonProps={{ "aria-label": t("dealer.show_password") }}
      />
    </Stack>
  );
}

export function SignedIn({ dealer }: { readonly dealer: Dealer }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const signOut = useMutation({
    mutationFn: () => signDealerOut(dealer.csrf),
    onSettled: () => queries.invalidateQueries({ queryKey: ["config"] }),
  });
  return (
    <Group gap="xs" justify="space-between">
      <Text size="sm">{t("dealer.signed_in", { name: dealer.full_name, shop: dealer.shop ?? dealer.company })}</Text>
      <Anchor component="button" type="button" size="sm" disabled={signOut.isPending} onClick={() => signOut.mutate()}>
        {t(signOut.isPending ? "dealer.signing_out" : "dealer.sign_out")}
      </Anchor>
    </Group>
  );
}
