import { parseArgs } from "node:util";
import { isTimeZone, type ReadOptions, type TableName } from "@keypulse/connectors/files";
import { currencySchema } from "@keypulse/contracts";
import { sourceIdSchema } from "@keypulse/sources";

/** What people call formats, and what the reader does. */
const formats = {
  "online-retail": "online-retail",
  shopify: "shopify-orders",
  stripe: "stripe-payments",
  ndjson: "ndjson",
} as const satisfies Record<string, TableName | "ndjson">;

export interface ImportOptions {
  readonly help: boolean;
  /** As it was given. */
  readonly file: string;
  readonly source: string | undefined;
  readonly format: (typeof formats)[keyof typeof formats] | "auto";
  readonly mappingFile: string | undefined;
  readonly read: ReadOptions;
  readonly dryRun: boolean;
  /** How many events a dry run shows. */
  readonly rows: number;
  readonly again: boolean;
  readonly json: boolean;
}

/** The command line can't be understood; shown with the help. */
export class UsageError extends Error {}

/** @throws UsageError */
export function readImportOptions(args: readonly string[]): ImportOptions {
  const { values, positionals } = parsed(args);
  const { help = false, source, timezone, currency, encoding, shop, mapping } = values;
  const decimalComma = values["decimal-comma"];
  const [file = "", ...more] = positionals;
  if (!help && (file === "" || more.length > 0)) throw new UsageError("Name one file.");
  const sourceId = sourceIdSchema.safeParse(source);
  if (source !== undefined && !sourceId.success) throw new UsageError(`--source ${sourceId.error.issues[0]?.message}.`);
  if (timezone !== undefined && !isTimeZone(timezone)) {
    throw new UsageError(`--timezone must be an IANA time zone, such as Europe/Berlin, but is "${timezone}".`);
  }
  const money = currencySchema.safeParse(currency);
  if (currency !== undefined && !money.success) throw new UsageError(`--currency ${money.error.issues[0]?.message}.`);
  if (mapping !== undefined && values.format !== undefined) {
    throw new UsageError("--mapping describes the format, so --format has no place beside it.");
  }
  const rows = Number(values.rows ?? 10);
  if (!Number.isInteger(rows) || rows < 0 || rows > 1_000) throw new UsageError("--rows must be from 0 to 1000.");
  return {
    help,
    file,
    source,
    format: formatNamed(values.format),
    mappingFile: mapping,
    read: {
      ...(timezone !== undefined && { timeZone: timezone }),
      ...(currency !== undefined && { currency }),
      ...(encoding !== undefined && { encoding }),
      ...(shop !== undefined && { shop }),
      ...(decimalComma !== undefined && { decimalComma }),
    },
    dryRun: values["dry-run"] ?? false,
    rows,
    again: values.again ?? false,
    json: values.json ?? false,
  };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      allowNegative: true,
      options: {
        source: { type: "string" },
        format: { type: "string" },
        mapping: { type: "string" },
        timezone: { type: "string" },
        currency: { type: "string" },
        encoding: { type: "string" },
        shop: { type: "string" },
        "decimal-comma": { type: "boolean" },
        "dry-run": { type: "boolean" },
        rows: { type: "string" },
        again: { type: "boolean" },
        json: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function formatNamed(name: string | undefined): ImportOptions["format"] {
  if (name === undefined) return "auto";
  const known = Object.entries(formats).find(([title, format]) => name === title || name === format);
  if (known) return known[1];
  throw new UsageError(
    `--format must be one of ${Object.keys(formats).join(", ")}, but is "${name}": describe another file by --mapping.`,
  );
}
