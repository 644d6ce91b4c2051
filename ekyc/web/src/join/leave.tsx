// Signing the page out of this browser: a link is often opened on a device that others use too.

import { Button } from "@mantine/core";
import { IconLogout } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { leaveCallPage } from "../api/call";
import { Problem, sentenceOfError } from "../common/problem";
import { Notice } from "../common/notice";

const KEY = "vouch.signed-out";

/** Whether this tab has just been signed out; asked once. */
export function hasLeft(): boolean {
  const left = sessionStorage.getItem(KEY) !== null;
  sessionStorage.removeItem(KEY);
  return left;
}

export function Leave({ csrf }: { readonly csrf: string }) {
  const { t } = useTranslation();
  const leaving = useMutation({ mutationFn: () => leaveCallPage(csrf), onSuccess: forget, onError: forgetIfGone });
  return (
    <>
      {leaving.error && (
        <Notice tone="trouble" role="alert">
          {sentenceOfError(t, leaving.error)}
        </Notice>
      )}
      <Button
        variant="subtle"
        color="gray"
        leftSection={<IconLogout size={18} aria-hidden />}
        disabled={leaving.isPending}
        onClick={() => leaving.mutate()}
        data-testid="sign-out"
      >
        {t(leaving.isPending ? "leave.doing" : "leave.leave")}
      </Button>
    </>
  );
}

/** Loaded anew, the page holds nothing of what it showed, not in its memory either. */
function forget(): void {
  sessionStorage.setItem(KEY, "1");
  location.replace(location.pathname + location.search);
}

function forgetIfGone(error: Error): void {
  if (error instanceof Problem && (error.status === 401 || error.status === 403)) forget();
}
