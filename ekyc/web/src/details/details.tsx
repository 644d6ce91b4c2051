// The section in which the customer's details are typed.

import { NativeSelect, SimpleGrid, Stack, TextInput } from "@mantine/core";
import type { ChangeEvent } from "react";
import { useTranslation } from "react-i18next";

import type { Config } from "../api/ekyc";
import { CUSTOMER_TYPES, ID_TYPES, isUnusualNumber, isWrong, PAYMENTS, withSlashes, type FieldName, type Values } from "./form";

interface DetailsProps {
  readonly values: Values;
  readonly config: Config | undefined;
  /** Fields that the server or [Call] found wanting. */
  readonly marked: ReadonlySet<string>;
  readonly change: (name: FieldName, value: string) => void;
}

export function Details({ values, config, marked, change }: DetailsProps) {
  const { t } = useTranslation();
  const field = (name: FieldName) => ({
    name,
    id: name,
    label: t(`field.${name}`),
    value: values[name],
    error: isWrong(name, values[name]) || marked.has(name) ? t(`wrong.${name}`, { defaultValue: t("wrong.other") }) : null,
    onChange: (event: ChangeEvent<HTMLInputElement | HTMLSelectElement>) => change(name, event.currentTarget.value),
  });
  const options = (group: string, codes: readonly string[]) =>
    codes.map((value) => ({ value, label: t(`${group}.${value}`, { defaultValue: value }) }));
  return (
    <Stack gap="sm">
      <NativeSelect {...field("id_type")} data={options("id_type", config?.id_types ?? ID_TYPES)} />
      <TextInput {...field("full_name")} autoComplete="off" autoCapitalize="words" spellCheck={false} />
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
        <TextInput
          {...field("id_number")}
          autoComplete="off"
          inputMode={values.id_type === "foreign_passport" ? "text" : "numeric"}
          description={isUnusualNumber(values) ? t("details.unusual_number") : null}
        />
        <TextInput
          {...field("date_of_birth")}
          onChange={(event) => change("date_of_birth", withSlashes(event.currentTarget.value, values.date_of_birth))}
          placeholder={t("details.date_placeholder")}
          autoComplete="off"
          inputMode="numeric"
        />
      </SimpleGrid>
      <TextInput {...field("address")} autoComplete="off" />
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
        <TextInput {...field("msisdn")} type="tel" inputMode="tel" autoComplete="off" />
        <NativeSelect {...field("sub_type")}>
          <option value="">{t(config ? "details.choose" : "details.loading")}</option>
          {config?.sub_types.map(({ code, name }) => (
            <option key={code} value={code}>
              {`${code} – ${name}`}
            </option>
          ))}
        </NativeSelect>
        <NativeSelect {...field("customer_type")} data={options("customer_type", config?.customer_types ?? CUSTOMER_TYPES)} />
        <NativeSelect {...field("payment")} data={options("payment", config?.payments ?? PAYMENTS)} />
      </SimpleGrid>
    </Stack>
  );
}
