// A spinner with a word of what is waited for.

import { Center, Loader, Stack, Text } from "@mantine/core";

export function Waiting({ sentence }: { sentence: string }) {
  return (
    <Center mih={200} h="100%" role="status">
      <Stack align="center" gap="xs">
        <Loader size="sm" />
        <Text c="dimmed">{sentence}</Text>
      </Stack>
    </Center>
  );
}
