import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import type { ClickHouse } from "@keypulse/engines";
import { fill, type WarehouseSettings } from "./workspace.ts";

const folder = new URL("../views/", import.meta.url);

/** Names of all views, in the order in which they are made: what analysts see. */
export function viewNames(): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".sql"))
    .sort()
    .flatMap((file) => {
      const name = nameOf(file);
      return isDated(name) ? [name, nameOfToday(name)] : [name];
    });
}

const nameOf = (file: string): string => file.replace(/^\d+_|\.sql$/g, "");

/** A view that ends so takes the day: `portfolio_at(as_of = '2026-10-31')`; the name without it is the same of today. */
const dated = /_at$/;
const isDated = (name: string): boolean => dated.test(name);
const nameOfToday = (name: string): string => name.replace(dated, "");

interface ViewFile {
  name: string;
  comment: string;
  columns: Map<string, string>;
  query: string;
}

/**
 * Views are files of their own: a first line with the view's comment, a line a column with the column's, the query.
 * They are replaced in the order of their numbers when any text changed. A file whose name ends with `_at` has the
 * parameter `{as_of:Date}` and makes two views: with that name for any day, and without `_at` for today.
 * @throws Error where a column has no comment, or a comment has no column.
 */
export async function applyViews(
  clickhouse: ClickHouse,
  workspace: WarehouseSettings,
  checksums: ReadonlyMap<string, string>,
  record: (name: string, checksum: string) => Promise<void>,
): Promise<number> {
  const files = (await readdir(folder)).filter((file) => file.endsWith(".sql")).sort();
  const texts = await Promise.all(files.map((file) => readFile(new URL(file, folder), "utf8")));
  const checksum = createHash("sha256").update(texts.join("\n")).digest("hex");
  if (checksums.has(`views ${checksum}`)) return 0;
  for (const [index, file] of files.entries()) {
    await applyView(clickhouse, parseView(file, fill(texts[index]!, workspace)), todayIn(workspace));
  }
  await record(`views ${checksum}`, checksum);
  return files.length;
}

function parseView(file: string, text: string): ViewFile {
  const lines = text.split("\n");
  const first = lines.findIndex((line) => !line.startsWith("--"));
  const header = lines.slice(0, first).map((line) => line.slice(2).trim());
  const columns = header.slice(1).map((line) => {
    const colon = line.indexOf(": ");
    return [line.slice(0, colon), line.slice(colon + 2)] as const;
  });
  return {
    name: nameOf(file),
    comment: header[0] ?? "",
    columns: new Map(columns),
    query: lines.slice(first).join("\n"),
  };
}

async function applyView(clickhouse: ClickHouse, view: ViewFile, today: string): Promise<void> {
  const parameters = parametersOf(view.query);
  const columns = knownColumns(view) ?? (await describeColumns(clickhouse, view.query, parameters));
  const missing = columns.filter((column) => !view.columns.has(column.name)).map((column) => column.name);
  const spare = [...view.columns.keys()].filter((name) => !columns.some((column) => column.name === name));
  if (missing.length > 0 || spare.length > 0) {
    throw new Error(`View ${view.name}: columns without a comment: ${missing}; comments without a column: ${spare}`);
  }
  const list = columns
    .map(({ name, type }) => `\`${name}\` ${type} COMMENT ${quote(view.columns.get(name)!)}`)
    .join(", ");
  const create = async (name: string, query: string) => {
    // Views read with the rights of who made them: the analyst needs none on the tables behind, so settings with their
    // secrets and the bookkeeping stay out of reach.
    await clickhouse.command({
      query: `CREATE OR REPLACE VIEW ${name} (${list}) DEFINER = CURRENT_USER SQL SECURITY DEFINER AS ${query} COMMENT ${quote(view.comment)}`,
    });
  };
  await create(view.name, view.query);
  if (!isDated(view.name)) return;
  // ClickHouse keeps no columns of a view with parameters: the one of today has their comments for tools to show.
  const given = [...parameters].map(([name, type]) => `${name} = ${name === "as_of" ? today : `{${name}:${type}}`}`);
  await create(nameOfToday(view.name), `SELECT * FROM ${view.name}(${given.join(", ")})`);
}

interface Column {
  name: string;
  type: string;
}

async function describeColumns(
  clickhouse: ClickHouse,
  query: string,
  parameters: ReadonlyMap<string, string>,
): Promise<Column[]> {
  const described = await clickhouse.query({
    query: `DESCRIBE (${query}) SETTINGS print_pretty_type_names = 0`,
    query_params: Object.fromEntries([...parameters].map(([name, type]) => [name, anyValue(type)])),
    format: "JSONEachRow",
  });
  return await described.json<Column>();
}

let schema: ReadonlyMap<string, readonly Column[]> | undefined;

/** Types that name a time zone are of the workspace that schema.txt was written in. */
const ofAZone = /'(?!UTC)\w+(\/\w+)*'/;

/**
 * Columns of a view as schema.txt has them, where these are the columns that its comments are about: ClickHouse takes 20
 * to 600 ms to find the types of one, and there are a hundred. A test compares schema.txt with what ClickHouse finds.
 */
function knownColumns(view: ViewFile): readonly Column[] | undefined {
  schema ??= new Map(
    readFileSync(new URL("../schema.txt", import.meta.url), "utf8")
      .split("\n\n")
      .map((block): [string, Column[]] => {
        const [name = "", ...lines] = block.trim().split("\n");
        return [name, lines.map((line) => ({ name: line.trim().split("  ")[0]!, type: line.trim().split("  ")[1]! }))];
      }),
  );
  const known = schema.get(nameOfToday(view.name));
  const isSame = known?.map(({ name }) => name).join() === [...view.columns.keys()].join();
  return isSame && !known!.some(({ type }) => ofAZone.test(type)) ? known : undefined;
}

/** What a view asks: to find out what ClickHouse makes of it, whatever it was made with. */
export function queryOfView(view: string, workspace: WarehouseSettings): string {
  const file = readdirSync(folder).find((each) => nameOf(each) === view)!;
  return parseView(file, fill(readFileSync(new URL(file, folder), "utf8"), workspace)).query;
}

/** A view as it is asked, with some values for its parameters: `portfolio_at(as_of = '2000-01-01')`. */
export function exampleCall(view: string): string {
  const file = readdirSync(folder).find((each) => [view, `${view}_at`].includes(nameOf(each)))!;
  const parameters = [...parametersOf(readFileSync(new URL(file, folder), "utf8"))].filter(
    ([name]) => name !== "as_of" || isDated(view),
  );
  const given = parameters.map(
    ([name, type]) => `${name} = ${type === "Date" ? `'${anyValue(type)}'` : anyValue(type)}`,
  );
  return given.length === 0 ? view : `${view}(${given.join(", ")})`;
}

const todayIn = ({ timezone }: WarehouseSettings): string => `toDate(now('${timezone}'))`;

/** Parameters of a view by name, with their types. */
const parametersOf = (query: string): ReadonlyMap<string, string> =>
  new Map([...query.matchAll(/\{(\w+):([\w()]+)\}/g)].map(([, name, type]) => [name!, type!]));

const anyValue = (type: string): string => (type.startsWith("Array") ? "[]" : "2000-01-01");

const quote = (text: string) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
