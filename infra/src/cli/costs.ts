import { userInfo } from "node:os";
import { readWorkspace } from "@keypulse/warehouse";
import { type Cost, readCosts } from "../costs/readCosts.ts";
import { type CostsReport, storeCosts } from "../costs/storeCosts.ts";
import { loadFile } from "../load/loadFile.ts";

const help = `Usage: npm run costs -- FILE [--json]

Loads what products cost, so that margins are known: of clients, of product groups, of the portfolio. FILE is a table (CSV,
with commas, semicolons or tabs) with a header:

  sku          product, as orders name it
  unit_cost    cost of one piece, in the workspace's currency, such as 2.55
  since        day that the cost holds from, such as 2026-01-01; empty or left out: from the beginning

A margin takes the cost of the order's own day. Load the file again whenever you like: what is known stays, what is new or
different is written with your name. Needs Keypulse's ClickHouse (npm start).

  --json       the report as JSON
  --help, -h

Reads CLICKHOUSE_URL and CLICKHOUSE_DATABASE; default: what npm start runs.`;

await loadFile<Cost[], CostsReport & { currency: string }>({
  help,
  read: (file) => readCosts(file.toString("utf8")),
  async store(clickhouse, costs, tell) {
    const { currency } = await readWorkspace(clickhouse);
    return { ...(await storeCosts(clickhouse, costs, { who: userInfo().username, currency }, tell)), currency };
  },
  short: ({ added, corrected }) => `${added} new, ${corrected} corrected`,
  describe: ({ products, revenueCovered, currency }) =>
    `${products} ${products === 1 ? "product" : "products"}, costs in ${currency}. ` +
    (revenueCovered === null
      ? "Nothing was sold yet."
      : `${(revenueCovered * 100).toFixed(1)} % of revenue is of products whose cost is known.`),
});
