// The section of the pictures: both card sides and the portrait, each with its own state and its own way to mend it.

import { SimpleGrid } from "@mantine/core";
import { useState } from "react";

import { PAPER_KINDS, type PaperKind } from "../api/ekyc";
import { useStore } from "../common/store";
import { PaperSlot } from "./paper-slot";
import { Scanner } from "./scanner";
import type { PaperTray } from "./tray";

interface PapersProps {
  readonly tray: PaperTray;
  readonly needed: readonly PaperKind[];
  /** Whether pictures may be chosen from files; undefined while it is not known. */
  readonly files: boolean | undefined;
  readonly marked: ReadonlySet<string>;
}

export function Papers({ tray, needed, files, marked }: PapersProps) {
  const papers = useStore(tray.state);
  const [scanning, setScanning] = useState<PaperKind | null>(null);
  const done = (kind: PaperKind, picture: Blob): void => {
    tray.take(kind, "camera", picture);
    setScanning(null);
  };
  return (
    <>
      <SimpleGrid cols={{ base: 1, xs: 3 }} spacing="sm">
        {PAPER_KINDS.map((kind) => (
          <PaperSlot
            key={kind}
            kind={kind}
            paper={papers[kind]}
            needed={needed.includes(kind)}
            files={files}
            marked={marked.has(kind)}
            scan={() => setScanning(kind)}
            choose={(file) => tray.take(kind, "file", file)}
            retry={() => tray.retry(kind)}
          />
        ))}
      </SimpleGrid>
      {scanning && <Scanner kind={scanning} done={(picture) => done(scanning, picture)} cancel={() => setScanning(null)} />}
    </>
  );
}
