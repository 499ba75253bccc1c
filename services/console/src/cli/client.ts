import { parseArgs } from "node:util";
import type { Dossier, TimelineEntry } from "../inputs/clientAnswers.ts";
import { connectConsole, runCommand } from "./apiClient.ts";
import { findClient, mostShown } from "./findClient.ts";
import { sayClient, sayFound } from "./sayClient.ts";

const help = `Usage: npm run client -- "NAME, ID OR E-MAIL" [--events 8] [--json]

One client on a page: who they are and who says so, the people, what they did lately, orders and money, what to expect of a
year, products, how they pay, open alerts. Part of a name is enough where only one client has it.

  --events N   so many of the newest events; default 8
  --json       the dossier with the newest events, as JSON
  --help, -h

The console: CONSOLE_URL and KEYPULSE_API_TOKEN, else the one that npm start runs.`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      events: { type: "string", default: "8" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const asked = positionals.join(" ").trim();
  if (values.help || asked === "") {
    console.log(help);
    return values.help ? 0 : 2;
  }
  const api = connectConsole();
  const found = await findClient(api, asked);
  if (Array.isArray(found)) {
    if (values.json) console.log(JSON.stringify({ found }, null, 2));
    else console.error(sayFound(asked, found, mostShown));
    return 1;
  }
  const path = `/v1/clients/${found.id}`;
  const events = encodeURIComponent(values.events);
  const [client, timeline] = await Promise.all([
    api.call<Dossier>("GET", path),
    api.call<{ events: TimelineEntry[] }>("GET", `${path}/timeline?limit=${events}`),
  ]);
  console.log(
    values.json
      ? JSON.stringify({ ...client, timeline: timeline.events }, null, 2)
      : sayClient(client, timeline.events),
  );
  return 0;
}

await runCommand(help, main);
