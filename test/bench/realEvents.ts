import { readFile } from "node:fs/promises";
import { orderEvent, readOnlineRetail } from "../../infra/src/demo/onlineRetail.ts";

/**
 * The real histories of this repository as files for `npm run backtest -- --csv` and `test/bench/dailySteps.ts`:
 * `node test/bench/realEvents.ts retail > retail.csv`, `... cdnow > cdnow.csv`.
 */
async function* retail(): AsyncGenerator<string> {
  for await (const invoice of readOnlineRetail()) {
    const { type, properties } = orderEvent(invoice);
    if (type !== "order.placed" || invoice.customer === "") continue;
    yield `${invoice.customer},${new Date(invoice.wallMs).toISOString().slice(0, 16)},${(properties as { amount: string }).amount}`;
  }
}

async function* cdnow(): AsyncGenerator<string> {
  const file = new URL("../../packages/methods/test-data/cdnow-transactions.txt", import.meta.url);
  for (const line of (await readFile(file, "utf8")).trim().split("\n")) {
    const [client, , day, , dollars] = line.trim().split(/\s+/) as [string, string, string, string, string];
    yield `${client},${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)},${dollars}`;
  }
}

const panels = { retail, cdnow };
const name = process.argv[2] ?? "";
if (!Object.hasOwn(panels, name)) throw new Error(`name one of ${Object.keys(panels).join(", ")}`);
const lines = ["client,time,amount"];
for await (const line of panels[name as keyof typeof panels]()) lines.push(line);
process.stdout.write(`${lines.join("\n")}\n`);
