import { silentLogger } from "@keypulse/engines";
import { createTestWorkspace, eventually, type TestWorkspace } from "@keypulse/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newSigningSecret, newWriteKey, storeSecret } from "./secrets.ts";
import { SettingsTable } from "./settingsTable.ts";
import { type Source, sourceSchema } from "./source.ts";
import { SourceBook, sourcesBell } from "./sourceBook.ts";

const key = Buffer.alloc(32, 1).toString("base64");

describe("SourceBook", () => {
  let workspace: TestWorkspace;
  let table: SettingsTable;
  let book: SourceBook;
  const prefix = () => workspace.environment.REDIS_PREFIX!;
  beforeAll(async () => {
    workspace = await createTestWorkspace();
    table = new SettingsTable(workspace.clickhouse, "source");
    book = new SourceBook(workspace.clickhouse, key, silentLogger);
    await book.open(workspace.redis, prefix());
  });
  afterAll(async () => {
    book.close();
    await workspace.close();
  });
  const write = async (version: number, given: Partial<Source> & { id: string }) => {
    const now = new Date().toISOString();
    const source = sourceSchema.parse({
      name: given.id,
      connector: "segment",
      created_at: now,
      updated_at: now,
      ...given,
    });
    await table.append(given.id, version, source, "test");
    await workspace.redis.publish(sourcesBell(prefix()), given.id);
  };
  const known = (id: string, version: number) =>
    eventually(
      async () => book.byId(id)?.version,
      (found) => found === version,
    );

  it("hears of changes when Redis rings, and finds a source by its write key while that is valid", async () => {
    const [old, fresh] = [newWriteKey(), newWriteKey()];
    const before = { ...storeSecret(old, "site", Date.now()), expires_at: new Date(Date.now() + 60_000).toISOString() };
    await write(1, { id: "site", secrets: [storeSecret(fresh, "site", Date.now()), before] });
    await known("site", 1);
    expect(book.bySecret(fresh, Date.now())?.source.id).toBe("site");
    expect(book.bySecret(old, Date.now())?.source.id).toBe("site");
    expect(book.bySecret(old, Date.now() + 61_000)).toBeUndefined();
    expect(book.bySecret("wk_none", Date.now())).toBeUndefined();
    await write(2, { id: "site", secrets: [storeSecret(fresh, "site", Date.now())] });
    await known("site", 2);
    expect(book.bySecret(old, Date.now())).toBeUndefined();
  });

  it("opens signing secrets, newest first", async () => {
    const secrets = [newSigningSecret(), newSigningSecret()];
    const stored = secrets.map((secret) => storeSecret(secret, "partner", Date.now(), key));
    await write(1, { id: "partner", connector: "standardwebhooks", secrets: stored });
    await known("partner", 1);
    expect(book.byId("partner")!.secrets(Date.now())).toEqual(secrets);
  });

  it("forgets what was deleted, and leaves out what it can't read", async () => {
    await write(1, { id: "gone" });
    await known("gone", 1);
    await table.append("gone", 2, undefined, "test");
    await table.append("broken", 1, { id: "broken" }, "test");
    await write(1, { id: "last" });
    await known("last", 1);
    expect([book.byId("gone"), book.byId("broken")]).toEqual([undefined, undefined]);
  });

  it("serves the last known sources while ClickHouse can't be read", async () => {
    const before = book.all().length;
    expect(before).toBeGreaterThan(0);
    await workspace.clickhouse.command({ query: "RENAME TABLE settings TO settings_away" });
    await expect(book.read()).rejects.toThrow();
    expect(book.all().length).toBe(before);
    await workspace.clickhouse.command({ query: "RENAME TABLE settings_away TO settings" });
    await book.read();
  });
});
