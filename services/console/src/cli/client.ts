import { parseArgs } from "node:util";
import type { Dossier, TimelineEntry } from "../inputs/clientAnswers.ts";
import type { ClientOrder } from "../inputs/clientOrders.ts";
import { connectConsole, runCommand } from "./apiClient.ts";
import { findClient, mostShown } from "./findClient.ts";
import { sayClient, sayFound } from "./sayClient.ts";
import { sayOrders } from "./sayOrders.ts";

const help = `Usage: npm run client -- "NAME, ID OR E-MAIL" [--events 8] [--orders] [--order ID] [--json]

One client on a page: who they are and who says so, the people, what they did lately, orders and money, what to expect of a
year, products, how they pay, open alerts. Part of a name is enough where only one client has it.

  --events N   so many of the newest events; default 8
  --orders     its orders instead: what each came to, why it counts or not, and which message changed what
  --order ID   one order alone
  --limit N    so many of the newest orders; default 20
  --json       the dossier with the newest events, or the orders, as JSON
  --help, -h

The console: CONSOLE_URL and KEYPULSE_API_TOKEN, else the one that npm start runs.`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      events: { type: "string", default: "8" },
      orders: { type: "boolean", default: false },
      order: { type: "string" },
      limit: { type: "string", default: "20" },
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
  if (values.orders || values.order !== undefined) {
    const only = values.order === undefined ? "" : `&order=${encodeURIComponent(values.order)}`;
    const answer = await api.call<{ orders: ClientOrder[]; more: boolean }>(
      "GET",
      `${path}/orders?limit=${encodeURIComponent(values.limit)}${only}`,
    );
    console.log(values.json ? JSON.stringify(answer, null, 2) : sayOrders(asked, answer.orders, answer.more));
    return 0;
  }
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
