// What supervisors think of the decision, and the form to say so.

import { Alert, Button, Group, Paper, SegmentedControl, Stack, Text, Textarea } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";

import { sendReview } from "../common/api";
import { dateAndTime } from "../common/format";
import { problemSentence } from "../common/sentences";
import { Section } from "../common/SubjectDetails";
import type { Review } from "../common/types";
import { Mark } from "./VerificationList";

export function Reviews({ id, reviews, decided }: { id: string; reviews: Review[]; decided: boolean }) {
  const { t, i18n } = useTranslation();
  return (
    <Paper p="md">
      <Section title={t("review.title")}>
        <Stack gap="sm">
          {reviews.map((review) => (
            <div key={review.id}>
              <Group gap={6}>
                <Mark mark={review.mark} />
                <Text size="xs" c="dimmed">
                  {review.reviewer} · {dateAndTime(review.at, i18n.language)}
                </Text>
              </Group>
              {review.note && <Text size="sm">{review.note}</Text>}
            </div>
          ))}
          {decided ? (
            <ReviewForm id={id} />
          ) : (
            <Text size="sm" c="dimmed">
              {t("review.not_yet")}
            </Text>
          )}
        </Stack>
      </Section>
    </Paper>
  );
}

function ReviewForm({ id }: { id: string }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [mark, setMark] = useState<Review["mark"]>("agree");
  const [note, setNote] = useState("");
  const send = useMutation({
    mutationFn: () => sendReview(id, mark, note.trim()),
    onSuccess: async () => {
      setNote("");
      setMark("agree");
      await client.invalidateQueries({ queryKey: ["case", id] });
      await client.invalidateQueries({ queryKey: ["verifications"] });
    },
  });
  const needed = mark === "disagree" && note.trim() === "";
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (!needed && !send.isPending) send.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack gap={8}>
        <SegmentedControl
          fullWidth
          aria-label={t("review.mark")}
          value={mark}
          onChange={(value) => setMark(value as Review["mark"])}
          data={(["agree", "disagree"] as const).map((value) => ({ value, label: t(`review.${value}`) }))}
        />
        <Textarea
          name="review_note"
          label={t(mark === "disagree" ? "review.note_needed" : "review.note")}
          autosize
          minRows={2}
          maxLength={2000}
          value={note}
          onChange={(event) => setNote(event.currentTarget.value)}
        />
        {send.error && (
          <Alert color="red" py={8} role="alert">
            {problemSentence(t, send.error)}
          </Alert>
        )}
        <Button type="submit" loading={send.isPending} disabled={needed}>
          {t("review.send")}
        </Button>
      </Stack>
    </form>
  );
}
