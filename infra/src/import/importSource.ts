import type { ClickHouse } from "@keypulse/engines";
import { SettingsTable, type Source, sourceIdSchema, sourceSchema } from "@keypulse/sources";
import { ImportError } from "./importError.ts";
import { fileConnector } from "./takeOrder.ts";

/** Sources whose events are taken for the demonstration's, among which no company's own belong. */
const isDemonstration = (id: string): boolean => id === "online-retail" || id.startsWith("demo-");

/** @throws ImportError where the id that was asked for is the demonstration's */
export function chooseSourceId(asked: string | undefined, fileName: string): string {
  if (asked === undefined) return sourceIdOf(fileName);
  if (!isDemonstration(asked)) return asked;
  throw new ImportError(`The source ${asked} is the demonstration's: choose another name with --source.`);
}

/** A source's id out of a file's name: "Bestellungen März.csv" is bestellungen-marz. */
export function sourceIdOf(fileName: string): string {
  const id = fileName
    .replace(/\.gz$/i, "")
    .replace(/\.(csv|tsv|txt|json|jsonl|ndjson)$/i, "")
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, "")
    .slice(0, 90);
  if (!sourceIdSchema.safeParse(id).success) return "file";
  return isDemonstration(id) ? `${id}-file` : id;
}

/** What an import without the settings table takes for the source: one that was just made. */
export function newSource(id: string, fileName: string, now: Date): Source {
  return sourceSchema.parse({
    id,
    name: fileName.slice(0, 200),
    connector: fileConnector,
    created_at: now.toISOString(),
    updated_at: now.toISOString(),
  });
}

/** The source as the settings have it. @throws ImportError where it takes nothing, or its settings can't be read */
export async function findSource(clickhouse: ClickHouse, id: string): Promise<Source | undefined> {
  const all = await new SettingsTable(clickhouse, "source").all();
  const stored = all.find((setting) => setting.id === id);
  if (stored === undefined) return undefined;
  const source = sourceSchema.safeParse(stored.value);
  if (!source.success) throw new ImportError(`The settings of the source ${id} can't be read: mend them first.`);
  if (source.data.state === "paused") {
    throw new ImportError(`The source ${id} is paused: make it active again, or choose another with --source.`);
  }
  return source.data;
}

export async function addSource(clickhouse: ClickHouse, source: Source): Promise<void> {
  const table = new SettingsTable(clickhouse, "source");
  await table.append(source.id, (await table.newestVersion(source.id)) + 1, source, "import");
}
