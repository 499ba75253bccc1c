import { once } from "node:events";
import type { Writable } from "node:stream";
import type { ClientLine, Fitted } from "./fitReport.ts";

const linesAtOnce = 1_000;

/** The report as one JSON object, clients last and a line each, without ever holding all of it as text. */
export async function writeJson(output: Writable, { report, clients }: Fitted): Promise<void> {
  await write(output, `${JSON.stringify(report, null, 2).slice(0, -2)},\n  "clientScores": [`);
  let separator = "\n    ";
  await writeLines(output, clients, (line) => {
    const text = `${separator}${JSON.stringify(line)}`;
    separator = ",\n    ";
    return text;
  });
  await write(output, "\n  ]\n}\n");
}

/** A row a client under a header; columns that the model has no number for are left out. */
export async function writeCsv(output: Writable, clients: Iterable<ClientLine>): Promise<void> {
  let header: (keyof ClientLine)[] | undefined;
  await writeLines(output, clients, (line) => {
    const first = header === undefined ? `${Object.keys(line).join(",")}\n` : "";
    header ??= Object.keys(line) as (keyof ClientLine)[];
    return `${first}${header.map((name) => cell(line[name])).join(",")}\n`;
  });
}

async function writeLines(
  output: Writable,
  clients: Iterable<ClientLine>,
  show: (line: ClientLine) => string,
): Promise<void> {
  let held: string[] = [];
  for (const line of clients) {
    held.push(show(line));
    if (held.length < linesAtOnce) continue;
    await write(output, held.join(""));
    held = [];
  }
  await write(output, held.join(""));
}

async function write(output: Writable, text: string): Promise<void> {
  if (!output.write(text)) await once(output, "drain");
}

function cell(value: string | number | null | undefined): string {
  const text = String(value ?? "");
  return /[",\n;]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
