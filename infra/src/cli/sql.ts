import { createWriteStream } from "node:fs";
import { extname, join } from "node:path";
import { text as readAll } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { parseArgs } from "node:util";
import { readCookbook } from "@keypulse/warehouse";
import { endWithParent } from "../endWithParent.ts";
import { bringUpEngines } from "../engines/bringUp.ts";
import { EngineError } from "../engines/engineError.ts";
import { keypulseFolder } from "../folder.ts";
import { createAsk, SqlError, type SqlFormat, sqlFormats } from "../sql/ask.ts";
import { runPrompt } from "../sql/prompt.ts";
import { createTerminal } from "../terminal.ts";

const help = `Usage: npm run sql -- ["select …"] [--format table|csv|json] [--json] [--file FILE]
       npm run sql -- --cookbook [NAME]

Asks ClickHouse as the analyst, who may only read. Without a query: from standard input, or in a terminal a prompt.

  --format, -f  table (default), csv with a header line, or json: one array of objects
  --json        short for --format json
  --file, -o    writes the answer to a file; .csv and .json say the format
  --cookbook    lists questions that are answered in SQL already; with a name asks that one (its number is enough)
  --help, -h

The ClickHouse asked: CLICKHOUSE_ANALYST_URL or CLICKHOUSE_URL, else the one that npm start runs, else one started for
this question. The database: CLICKHOUSE_DATABASE, else keypulse.`;

await main().catch((error: unknown) => {
  if (!(error instanceof SqlError || error instanceof EngineError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
});

async function main(): Promise<void> {
  const options = readOptions();
  if (!options) return;
  if (options.cookbook && options.query === "") return listCookbook();
  const query = options.cookbook ? recipeNamed(options.query) : options.query;
  endWithParent();
  // What was brought up for this question ends with this process, so signals need no more than their default.
  const terminal = createTerminal({ output: process.stderr });
  const engines = await bringUpEngines({
    folder: keypulseFolder(),
    need: ["clickhouse"],
    command: "npm run sql",
    onStep: terminal.startStep,
  });
  try {
    const database = process.env.CLICKHOUSE_DATABASE || "keypulse";
    const ask = createAsk(engines.analystUrl, database);
    const asked = query || (process.stdin.isTTY ? "" : (await readAll(process.stdin)).trim());
    if (asked === "") {
      const historyFile = join(keypulseFolder(), "sql_history");
      await runPrompt({ ask, database, historyFile, input: process.stdin, output: process.stdout });
      return;
    }
    const { text, rows } = await ask({ query: asked, format: options.format });
    if (options.file !== undefined) {
      await pipeline(text, createWriteStream(options.file));
      console.error(`${options.file}: ${rows} ${rows === 1 ? "row" : "rows"}`);
    } else {
      await pipeline(text, process.stdout, { end: false });
    }
  } finally {
    await engines.stop();
  }
}

function listCookbook(): void {
  for (const { name, question, askedBy } of readCookbook())
    console.log(`${name.padEnd(26)}  ${question}\n${" ".repeat(28)}${askedBy}`);
  console.log("\nAsk one: npm run sql -- --cookbook NAME. The files: packages/warehouse/cookbook.");
}

/** @throws SqlError where none or several have that name */
function recipeNamed(wanted: string): string {
  const found = readCookbook().filter(
    ({ name }) => name === wanted || name.startsWith(`${wanted}_`) || name.endsWith(`_${wanted}`),
  );
  const [recipe, another] = found;
  if (recipe === undefined || another !== undefined) {
    throw new SqlError(
      `The cookbook has ${another ? "several" : "nothing"} called "${wanted}": npm run sql -- --cookbook lists all.`,
    );
  }
  return recipe.sql;
}

interface Options {
  readonly query: string;
  readonly cookbook: boolean;
  readonly format: SqlFormat;
  readonly file: string | undefined;
}

function readOptions(): Options | undefined {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        format: { type: "string", short: "f" },
        json: { type: "boolean" },
        file: { type: "string", short: "o" },
        cookbook: { type: "boolean", default: false },
        help: { type: "boolean", short: "h" },
      },
    });
    if (values.help) {
      console.log(help);
      return undefined;
    }
    const named = values.json ? "json" : (values.format ?? byExtension(values.file));
    const format = sqlFormats.find((known) => known === named);
    if (format) return { query: positionals.join(" "), cookbook: values.cookbook, format, file: values.file };
    console.error(`--format must be one of ${sqlFormats.join(", ")}, but is "${named}".`);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${help}`);
  }
  process.exitCode = 2;
  return undefined;
}

function byExtension(file: string | undefined): SqlFormat {
  return sqlFormats.find((format) => file !== undefined && extname(file) === `.${format}`) ?? "table";
}
