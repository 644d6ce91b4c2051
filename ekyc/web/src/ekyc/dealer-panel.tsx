// The dealer's account: in the form from the start, away while the dealer is signed in, pointed at where [Call] asks.

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
  readonly shown: boolean;
  /** How often [Call] could not go on without it. */
  readonly asked: number;
  readonly problem: string | null;
  readonly change: (account: Account) => void;
}

export function DealerPanel({ account, shown, asked, problem, change }: DealerPanelProps) {
  const { t } = useTranslation();
  const first = useRef<HTMLInputElement>(null);
  const second = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (!asked) return;
    const field = first.current?.value ? second.current : first.current;
    field?.scrollIntoView({ block: "center" });
    field?.focus({ preventScroll: true });
  }, [asked]);
  const needed = (value: string, key: string): string | null => (asked && !value ? t(key) : null);
  return (
    <Stack gap="sm" hidden={!shown} display={shown ? undefined : "none"}>
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
        error={needed(account.dealer, "dealer.username_needed")}
        onChange={(event) => change({ ...account, dealer: event.currentTarget.value })}
      />
      <PasswordInput
        ref={second}
        name="dealer_password"
        label={t("dealer.password")}
        autoComplete="current-password"
        value={account.dealer_password}
        error={problem ?? needed(account.dealer_password, "dealer.password_needed")}
        errorProps={{ role: "alert" }}
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
    // The page of the last case ends with the shift.
    onSettled: () => Promise.all([["config"], ["call-page"]].map((queryKey) => queries.invalidateQueries({ queryKey }))),
  });
  return (
    <Group gap="xs" justify="space-between">
      <Text size="sm">{t("dealer.signed_in", { name: dealer.full_name, shop: dealer.shop ?? dealer.company })}</Text>
      <Group gap="md">
        {/* Of its own tab: what is typed here stays. */}
        <Anchor href="/account?kind=dealer" target="_blank" size="sm">
          {t("dealer.account")}
        </Anchor>
        <Anchor component="button" type="button" size="sm" disabled={signOut.isPending} onClick={() => signOut.mutate()}>
          {t(signOut.isPending ? "dealer.signing_out" : "dealer.sign_out")}
        </Anchor>
      </Group>
    </Group>
  );
}
