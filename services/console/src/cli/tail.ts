import { parseArgs } from "node:util";
import { createParser } from "eventsource-parser";
import type { Arrival } from "../inputs/storedArrivals.ts";
import { CommandFault, connectConsole, runCommand } from "./apiClient.ts";
import { styled } from "./table.ts";

const help = `Usage: npm run tail -- --source ID [--minutes 10] [--json]

What arrived from a source in the last minutes, then what arrives, a line each: events with the client that they went to,
what was refused and why, what was sent again. Ctrl-C ends it.

  --source, -s ID   the source (npm run source -- list)
  --minutes N       how far to look back; default 10
  --json            one JSON object a line, whole
  --help, -h

The console: CONSOLE_URL and KEYPULSE_API_TOKEN, else the one that npm start runs.`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      source: { type: "string", short: "s" },
      minutes: { type: "string", default: "10" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const source = values.source ?? positionals[0];
  if (values.help || source === undefined) {
    console.log(help);
    return values.help ? 0 : 2;
  }
  const ended = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => ended.abort());
  // Whoever reads our lines (head, less) may have seen enough.
  process.stdout.once("error", () => ended.abort());

  const path = `/v1/sources/${encodeURIComponent(source)}/live?minutes=${encodeURIComponent(values.minutes)}`;
  const parser = createParser({
    onEvent: ({ event, data }) => {
      if (event === "arrival") console.log(values.json ? data : lineOf(JSON.parse(data) as Arrival));
      else if (values.json) return;
      else if (event === "skipped")
        console.error(styled("dim", `… ${(JSON.parse(data) as { count: number }).count} more arrived`));
      else if (event === "live") console.error(styled("dim", "— live from here on —"));
    },
  });
  try {
    const stream = await connectConsole().follow(path, ended.signal);
    const decoder = new TextDecoder();
    for await (const chunk of stream) parser.feed(decoder.decode(chunk, { stream: true }));
  } catch (error) {
    if (ended.signal.aborted) return 0;
    if (error instanceof CommandFault) throw error;
    throw new CommandFault(`The connection to the console was lost: ${(error as Error).message}`);
  }
  throw new CommandFault("The console ended the connection.");
}

const widestLine = 200;

function lineOf(arrival: Arrival): string {
  const time = styled("dim", arrival.received_at.slice(11, 23));
  if (arrival.kind === "duplicate")
    return `${time} ${styled("yellow", "=")} ${styled("dim", `sent again: ${oneLine(arrival.event_id)}`)}`;
  if (arrival.kind === "rejected") {
    const body = arrival.raw.text ?? `base64 ${arrival.raw.base64}`;
    return `${time} ${styled("red", `✗ ${arrival.reason}`)} ${oneLine(arrival.detail)} ${styled("dim", oneLine(body))}`;
  }
  const { unified, client } = arrival;
  const who = client === null ? styled("yellow", "no client") : styled("cyan", oneLine(client.name) || client.id);
  const about = [...Object.entries(unified.identifiers), ...Object.entries(unified.properties)]
    .map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(" ");
  return `${time} ${styled("green", "✓")} ${unified.type.padEnd(20)} ${who}  ${styled("dim", oneLine(about))}`;
}

/** Control characters of a sender must not reach the terminal. */
function oneLine(text: string): string {
  const clean = text.replace(/\p{Control}+/gu, " ");
  return clean.length > widestLine ? `${clean.slice(0, widestLine)}…` : clean;
}

await runCommand(help, main);
