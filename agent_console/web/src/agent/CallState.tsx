// The state of the call on the desk in one word; it stays until wrap-up has ended, and is read aloud when it changes.

import { Badge } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { CALL_STATES, outcomeLook } from "../common/looks";
import { useConsole } from "./context";

export function CallState() {
  const { t } = useTranslation();
  const { offer, call } = useConsole().view;
  const state = call?.state ?? (offer ? "ringing" : null);
  const outcome = call?.state === "ended" ? call.outcome : null;
  const look = outcome ? outcomeLook(outcome) : state ? CALL_STATES[state] : null;
  return (
    <div role="status" aria-live="polite" style={{ flexShrink: 0 }}>
      {state && look && (
        <Badge
          data-testid="call-state"
          data-state={state}
          data-outcome={outcome ?? undefined}
          size="lg"
          miw="max-content"
          color={look.color}
          leftSection={<look.Icon size={14} />}
        >
          {outcome ? t(`outcome.${outcome}`) : t(`state.${state}`)}
        </Badge>
      )}
    </div>
  );
}
