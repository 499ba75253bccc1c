import { parseArgs } from "node:util";
import type { Dossier, ListedClient, TimelineEntry } from "../inputs/clientAnswers.ts";
import { type ApiClient, CommandFault, connectConsole, runCommand } from "./apiClient.ts";
import { sayClient, sayFound } from "./sayClient.ts";

const help = `Usage: npm run client -- "NAME, ID OR E-MAIL" [--events 8] [--json]

One client on a page: who they are and who says so, the people, what they did lately, orders and money, what to expect of a
year, products, how they pay, open alerts. Part of a name is enough where only one client has it.

  --events N   so many of the newest events; default 8
  --json       the dossier with the newest events, as JSON
  --help, -h

The console: CONSOLE_URL and KEYPULSE_API_TOKEN, else the one that npm start runs.`;

const mostShown = 10;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

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
  const found = uuid.test(asked) ? { id: asked.toLowerCase() } : await find(api, asked);
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

/** The one client that is meant, or all that may be. @throws CommandFault where there is none */
async function find(api: ApiClient, asked: string): Promise<ListedClient | ListedClient[]> {
  const path = `/v1/clients?limit=${mostShown + 1}&search=${encodeURIComponent(asked)}`;
  const { clients } = await api.call<{ clients: ListedClient[] }>("GET", path);
  const same = (text: string): boolean => text.toLowerCase() === asked.toLowerCase();
  const exact = clients.filter(({ name, account_id }) => same(name) || same(account_id));
  const [only, ...others] = exact.length > 0 ? exact : clients;
  if (only === undefined) {
    throw new CommandFault(
      `No client has "${asked}" in its name, identifiers or e-mail addresses. Try a part of it, or see who there is:\n` +
        `  npm run sql -- "select name, client_id from clients order by last_activity desc limit 20"`,
    );
  }
  return others.length === 0 ? only : clients;
}

await runCommand(help, main);
