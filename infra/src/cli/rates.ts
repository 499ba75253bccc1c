import { loadFile } from "../load/loadFile.ts";
import { readRates, UnreadableRates, unpackRates } from "../rates/readRates.ts";
import { type MissingRates, type RatesReport, readMissing, storeRates } from "../rates/storeRates.ts";

const help = `Usage: npm run rates -- FILE [--json]

Loads exchange rates, so that amounts in other currencies are part of revenue: each is converted at the rate of its day.
FILE is the European Central Bank's: eurofxref.csv (a day) or eurofxref-hist.csv (all days since 1999), as it is or in the
zip that the bank packs it into. Get it at the bank's page "Euro foreign exchange reference rates" (www.ecb.europa.eu,
Statistics), under Downloads, CSV. Load it again whenever you like: what is known stays, what is new is added. Needs
Keypulse's ClickHouse (npm start).

  --json       the report as JSON
  --help, -h

Reads CLICKHOUSE_URL and CLICKHOUSE_DATABASE; default: what npm start runs.`;

await loadFile<ReturnType<typeof readRates>, RatesReport & { missing: MissingRates[] }>({
  help,
  read(file) {
    try {
      return readRates(unpackRates(file));
    } catch (error) {
      if (error instanceof UnreadableRates) throw error;
      // The reader's own faults (a quote that never closes, a damaged zip) are the file's as well.
      throw new UnreadableRates(`${(error as Error).message} (is it the European Central Bank's file?)`);
    }
  },
  store: async (clickhouse, rates, tell) => ({
    ...(await storeRates(clickhouse, rates, tell)),
    missing: await readMissing(clickhouse),
  }),
  short: ({ added, corrected }) => `${added} new, ${corrected} corrected`,
  describe({ days, currencies, firstDay, lastDay, missing }) {
    const lines = [
      `${days} ${days === 1 ? "day" : "days"}, ${firstDay} to ${lastDay}, ${currencies} currencies beside the euro.`,
    ];
    if (missing.length === 0) lines.push("Every amount that is stored has its rate.");
    for (const { currency, days: without, first_day, last_day, orders, net } of missing) {
      lines.push(
        `Still without a rate, and so in no sum: ${net} ${currency} of ${orders} orders on ${without} days, ${first_day} to ${last_day}.`,
      );
    }
    return lines.join("\n");
  },
});
