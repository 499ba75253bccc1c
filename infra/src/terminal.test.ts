import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { createTerminal } from "./terminal.ts";

test("without a terminal a step is one line with its time, and a slow one says now and then how far it is", async () => {
  let now = 0;
  const output = new PassThrough();
  const terminal = createTerminal({ output: output as unknown as NodeJS.WriteStream, now: () => now });
  const fetching = terminal.startStep("Fetch ClickHouse");
  now = 1_000;
  fetching.progress("5 of 570 MB", 0.01);
  now = 6_000;
  fetching.progress("285 of 570 MB", 0.5);
  now = 12_340;
  fetching.done();
  terminal.startStep("Start Kafka").fail("failed");
  output.end();
  expect(await text(output)).toBe(
    `… Fetch ClickHouse: 50 %, 285 of 570 MB (6.0 s)
✓ Fetch ClickHouse (12.3 s)
✗ Start Kafka: failed (0.0 s)
`,
  );
});
