import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { chooseSecrets } from "./secrets.ts";

function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "keypulse-secrets-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test("secrets are made once, and only their owner may read them", () => {
  const folder = aFolder();
  const made = chooseSecrets(folder, {});
  expect(Buffer.from(made.KEYPULSE_SECRET_KEY, "base64")).toHaveLength(32);
  expect(made.KEYPULSE_API_TOKEN.length).toBeGreaterThan(20);
  expect(chooseSecrets(folder, {})).toEqual(made);
  expect(statSync(join(folder, "secrets.json")).mode & 0o777).toBe(0o600);
});

test("the environment's count before those of the folder", () => {
  const folder = aFolder();
  const made = chooseSecrets(folder, {});
  expect(chooseSecrets(folder, { KEYPULSE_API_TOKEN: "given" })).toEqual({ ...made, KEYPULSE_API_TOKEN: "given" });
});

test("a file that holds no key is not written over: sources may be sealed under it", () => {
  const folder = aFolder();
  writeFileSync(join(folder, "secrets.json"), "{");
  expect(() => chooseSecrets(folder, {})).toThrow(/secrets\.json holds no KEYPULSE_SECRET_KEY/);
});
