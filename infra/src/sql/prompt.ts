import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import type { Ask, Question } from "./ask.ts";

export interface PromptOptions {
  readonly ask: Ask;
  readonly database: string;
  readonly historyFile: string;
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
}

const help = `SELECT …;     asks; a query may take several lines and ends with ;
\\d            lists the views
\\d NAME       lists the columns of one
help          this
Ctrl-C        stops a query, or empties the line; Ctrl-D ends
`;

const longestHistory = 500;

/** Reads queries until Ctrl-D and shows their answers as tables. */
export async function runPrompt(options: PromptOptions): Promise<void> {
  const { input, output } = options;
  const reader = createInterface({
    input,
    output,
    history: readHistory(options.historyFile),
    historySize: longestHistory,
    removeHistoryDuplicates: true,
  });
  let history: readonly string[] = [];
  reader.on("history", (lines: string[]) => {
    history = [...lines];
  });
  let query = "";
  let running: AbortController | undefined;
  const prompt = (): void => {
    reader.setPrompt(
      query === "" ? `${options.database}> ` : `${" ".repeat(Math.max(0, options.database.length - 1))}-> `,
    );
    reader.prompt();
  };
  reader.on("SIGINT", () => {
    if (running) return running.abort();
    query = "";
    output.write("\n");
    // Empties the line in hand.
    reader.write(null, { ctrl: true, name: "u" });
    prompt();
  });
  output.write(`Asking as the analyst, who may only read. "help" for help.\n`);
  prompt();
  for await (const line of reader) {
    query = query === "" ? line.trim() : `${query}\n${line}`;
    if (query !== "" && isComplete(query)) {
      running = new AbortController();
      output.write(await answer(query, options, running.signal));
      running = undefined;
      query = "";
    }
    prompt();
  }
  output.write("\n");
  writeHistory(options.historyFile, history);
}

function isComplete(query: string): boolean {
  return /;\s*$/.test(query) || /^(help|\\)/.test(query) || query === "exit" || query === "quit";
}

async function answer(query: string, options: PromptOptions, signal: AbortSignal): Promise<string> {
  if (query.startsWith("help")) return help;
  if (query === "exit" || query === "quit") return "Ctrl-D ends.\n";
  if (query.startsWith("\\") && !/^\\d\b/.test(query)) return help;
  const question = query.startsWith("\\d") ? describe(query, options.database) : { query, format: "table" as const };
  const began = performance.now();
  try {
    const { text, rows } = await options.ask({ ...question, signal });
    if (rows === 0 && query.startsWith("\\d")) return "There is no such view: `\\d` lists what there is.\n";
    const shown = (await Array.fromAsync(text)).join("");
    return `${shown}${rows} ${rows === 1 ? "row" : "rows"}, ${((performance.now() - began) / 1000).toFixed(2)} s\n`;
  } catch (error) {
    return `${(error as Error).message}\n`;
  }
}

/** `\d` and `\d name`, from ClickHouse's own tables. */
function describe(line: string, database: string): Question {
  const name = line
    .replace(/^\\d\s*/, "")
    .replace(/;$/, "")
    .trim();
  return name === ""
    ? {
        query: `SELECT name, comment FROM system.tables WHERE database = {database:String} AND engine LIKE '%View' ORDER BY name`,
        format: "table",
        parameters: { database },
      }
    : {
        query: `SELECT name, type, comment FROM system.columns WHERE database = {database:String} AND table = {table:String} ORDER BY position`,
        format: "table",
        parameters: { database, table: name },
      };
}

/** Newest first, as readline has it; the file has the oldest first, as a person reads. */
function readHistory(path: string): string[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .reverse();
}

function writeHistory(path: string, lines: readonly string[]): void {
  if (lines.length === 0) return;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${[...lines].reverse().join("\n")}\n`, { mode: 0o600 });
}
