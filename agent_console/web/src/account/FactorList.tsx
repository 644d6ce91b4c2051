// The second factors that one has: what they are, one more, one less, fresh recovery codes.

import { Button, Group, Paper, Stack, Text } from "@mantine/core";
import { IconDeviceMobile, IconKey, IconPlus, IconShieldCheck } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";

import { dateAndTime } from "../common/format";
import { drawRecoveryCodes, type Enrolled, type Factor, type Kind, type Own, removeFactor } from "./api";
import { Secret, Wrong } from "./Entry";
import { FactorSetup } from "./FactorSetup";
import { RecoveryCodes } from "./RecoveryCodes";

type Doing = "nothing" | "adding" | "codes" | Factor;

export function FactorList({ kind, own, onChanged }: { kind: Kind; own: Own; onChanged: (own: Own) => void }) {
  const { t } = useTranslation();
  const [doing, setDoing] = useState<Doing>("nothing");
  const [codes, setCodes] = useState<string[]>([]);
  const rest = (): void => setDoing("nothing");
  const enrolled = (made: Enrolled): void => {
    setCodes(made.recovery_codes);
    onChanged(made.account);
    rest();
  };
  if (codes.length) return <RecoveryCodes codes={codes} onKept={() => setCodes([])} />;
  return (
    <Stack>
      <Text c="dimmed" size="sm">
        {t(own.factors.length ? "account.recovery_codes_left" : "account.no_factor", { count: own.recovery_codes })}
      </Text>
      {own.factors.length > 0 && (
        <Stack component="ul" gap="xs" p={0} m={0} style={{ listStyle: "none" }}>
          {own.factors.map((factor) => (
            <FactorRow key={factor.id} factor={factor} onRemove={() => setDoing(factor)} />
          ))}
        </Stack>
      )}
      {doing === "adding" && <FactorSetup kind={kind} own={own} onEnrolled={enrolled} />}
      {doing === "codes" && (
        <Confirmed
          press={t("account.draw_codes")}
          work={(password) => drawRecoveryCodes(kind, password)}
          onDone={(drawn) => {
            setCodes(drawn);
            onChanged({ ...own, recovery_codes: drawn.length });
            rest();
          }}
        />
      )}
      {typeof doing === "object" && (
        <Confirmed
          press={t("account.remove_named", { name: doing.name })}
          work={(password) => removeFactor(kind, doing.id, password)}
          onDone={(known) => {
            onChanged(known);
            rest();
          }}
        />
      )}
      <Group>
        {doing === "nothing" ? (
          <>
            <Button variant="default" leftSection={<IconPlus size={16} />} onClick={() => setDoing("adding")}>
              {t("account.add_factor")}
            </Button>
            {own.factors.length > 0 && (
              <Button variant="default" leftSection={<IconShieldCheck size={16} />} onClick={() => setDoing("codes")}>
                {t("account.draw_codes")}
              </Button>
            )}
          </>
        ) : (
          <Button variant="subtle" onClick={rest}>
            {t("cancel")}
          </Button>
        )}
      </Group>
    </Stack>
  );
}

function FactorRow({ factor, onRemove }: { factor: Factor; onRemove: () => void }) {
  const { t, i18n } = useTranslation();
  const Icon = factor.kind === "passkey" ? IconKey : IconDeviceMobile;
  const used = factor.used_at ? dateAndTime(factor.used_at, i18n.language) : t("account.never");
  return (
    <Paper component="li" p="sm">
      <Group justify="space-between" gap="xs">
        <Group gap="sm" wrap="nowrap">
          <Icon size={20} aria-hidden style={{ flexShrink: 0 }} />
          <div>
            <Text fw={500}>{factor.name}</Text>
            <Text size="sm" c="dimmed" className="figures">
              {t("account.factor_facts", { since: dateAndTime(factor.created_at, i18n.language), used })}
            </Text>
          </div>
        </Group>
        <Button variant="default" size="xs" onClick={onRemove} aria-label={t("account.remove_named", { name: factor.name })}>
          {t("account.remove")}
        </Button>
      </Group>
    </Paper>
  );
}

interface ConfirmedProps<Done> {
  press: string;
  work: (password: string) => Promise<Done>;
  onDone: (done: Done) => void;
}

/** Something that asks for the password once more. */
function Confirmed<Done>({ press, work, onDone }: ConfirmedProps<Done>) {
  const { t } = useTranslation();
  const act = useMutation({ mutationFn: work, onSuccess: onDone });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    if (!act.isPending) act.mutate(String(new FormData(event.currentTarget).get("password")));
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <Secret name="password" label={t("account.confirm_password")} autoComplete="current-password" autoFocus />
        <Wrong error={act.error} confirming />
        <Group>
          <Button type="submit" loading={act.isPending}>
            {press}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
