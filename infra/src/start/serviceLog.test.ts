import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createServiceLog } from "./serviceLog.ts";

function world(pretty: boolean) {
  const folder = mkdtempSync(join(tmpdir(), "keypulse-log-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const shown: string[] = [];
  const log = createServiceLog({ folder, pretty, line: (text) => shown.push(text) });
  const take = (level: string, msg: string, more: object = {}): void =>
    log.take(JSON.stringify({ level, time: "2026-11-22T10:00:00.000Z", service: "ingest", ...more, msg }));
  return { log, shown, take, file: () => readFileSync(join(folder, "ingest.log"), "utf8") };
}

test("while the start is shown, warnings alone are; the file has everything", async () => {
  const { log, shown, take, file } = world(false);
  take("info", "started");
  take("warn", "trying again");
  take("error", "Response GroupCoordinator", { kafka: "Connection" });
  log.show("all");
  take("info", "stored");
  await log.close();
  expect(shown.map((line) => JSON.parse(line).msg)).toEqual(["trying again", "stored"]);
  expect(file().trim().split("\n")).toHaveLength(4);
});

test("lines are for people in a terminal", async () => {
  const { log, shown, take } = world(true);
  take("warn", "trying again");
  log.say("Alert: Harbour Gifts", { alert: { id: 1 } });
  await log.close();
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours
  const plain = shown.map((line) => line.replace(/\u001b\[\d+m/g, ""));
  expect(plain[0]).toContain("WARN: ingest: trying again");
  expect(plain[1]).toMatch(/INFO: keypulse: Alert: Harbour Gifts$/);
});
