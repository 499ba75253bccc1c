import { readFile } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { ClickHouse } from "@keypulse/engines";
import { endWithParent } from "../endWithParent.ts";
import { keypulseFolder } from "../folder.ts";
import { findConnections, openStore } from "../import/connect.ts";
import { ImportError } from "../import/importError.ts";
import { StartError } from "../start/startError.ts";
import { createTerminal } from "../terminal.ts";

/** A command that loads one file into ClickHouse. */
export interface FileLoader<Rows, Report> {
  readonly help: string;
  /** @throws Error with the line: then nothing is loaded */
  read(file: Buffer): Rows;
  /** @param tell the share done */
  store(clickhouse: ClickHouse, rows: Rows, tell: (done: number) => void): Promise<Report>;
  /** What the last step says in a few words. */
  short(report: Report): string;
  describe(report: Report): string;
}

/** Runs the command with the arguments of this process: FILE, --json, --help. Sets the exit code. */
export async function loadFile<Rows, Report>(loader: FileLoader<Rows, Report>): Promise<void> {
  process.exitCode = await run(loader).catch((error: unknown) => {
    if (!(error instanceof ImportError || error instanceof StartError)) throw error;
    console.error(error.message);
    return 1;
  });
}

async function run<Rows, Report>({ help, read, store, short, describe }: FileLoader<Rows, Report>): Promise<number> {
  const options = readOptions(help);
  if (options === undefined) return 2;
  if (options.help) {
    console.log(help);
    return 0;
  }
  endWithParent();
  const path = resolve(process.env.INIT_CWD || process.cwd(), options.file);
  const name = basename(path);
  const bytes = await readFile(path).catch((error: Error) => {
    throw new ImportError(`${path} can't be read: ${error.message}`);
  });
  const rows = readRows(name, () => read(bytes));
  const { clickhouse } = await openStore(findConnections(keypulseFolder(), process.env).connections);
  try {
    const terminal = createTerminal({ output: options.json ? process.stderr : process.stdout });
    const step = terminal.startStep(`Load ${name}`);
    const report = await store(clickhouse, rows, (done) => step.progress("", done));
    step.done(short(report));
    if (options.json) console.log(JSON.stringify(report, null, 2));
    else terminal.line(describe(report));
    return 0;
  } finally {
    await clickhouse.close();
  }
}

function readRows<Rows>(name: string, read: () => Rows): Rows {
  try {
    return read();
  } catch (error) {
    throw new ImportError(`${name}: ${(error as Error).message}. Nothing was loaded.`);
  }
}

function readOptions(help: string): { file: string; json: boolean; help: boolean } | undefined {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { json: { type: "boolean", default: false }, help: { type: "boolean", short: "h", default: false } },
    });
    const [file = "", ...more] = positionals;
    if (values.help || (file !== "" && more.length === 0)) return { file, ...values };
    console.error(`Name one file.\n\n${help}`);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${help}`);
  }
  return undefined;
}
