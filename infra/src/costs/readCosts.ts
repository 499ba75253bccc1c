import { parse } from "csv-parse/sync";
import { z } from "zod";

/** What one piece of a product costs from a day on. */
export interface Cost {
  readonly sku: string;
  /** YYYY-MM-DD */
  readonly since: string;
  /** A decimal in the workspace's currency, as the file has it. */
  readonly unitCost: string;
}

/** The file can't be read; the message says where and how to mend it. */
export class UnreadableCosts extends Error {
  override readonly name = "UnreadableCosts";
}

/** Before anything was sold: a cost without a day holds from the beginning. */
const beginning = "1970-01-01";

const rowSchema = z.object({
  sku: z.string("is missing").min(1, "must not be empty").max(500, "is longer than 500 characters"),
  unit_cost: z
    .string("is missing")
    .regex(/^\d{1,13}(\.\d{1,4})?$/, "must be a decimal with a dot and four places at most, such as 2.55"),
  since: z
    .union([z.literal(""), z.iso.date("must be a day such as 2026-11-20")])
    .default("")
    .transform((day) => day || beginning),
});

/**
 * A table with a header: sku, unit_cost and, where costs change, since (the day that they hold from).
 * @throws UnreadableCosts with the line
 */
export function readCosts(text: string): Cost[] {
  const [header, ...rows] = parse(text, {
    bom: true,
    trim: true,
    skip_empty_lines: true,
    relax_column_count: true,
    delimiter: [",", ";", "\t"],
    info: true,
  }) as unknown as { record: string[]; info: { lines: number } }[];
  const columns = (header?.record ?? []).map((name) => name.toLowerCase());
  const missing = ["sku", "unit_cost"].filter((name) => !columns.includes(name));
  if (missing.length > 0) {
    throw new UnreadableCosts(
      `line 1: the header must name the columns sku, unit_cost and perhaps since; ${missing.join(" and ")} ${missing.length === 1 ? "is" : "are"} missing`,
    );
  }
  if (rows.length === 0) throw new UnreadableCosts("there is no cost under the header");
  const seen = new Map<string, number>();
  return rows.map(({ record, info: { lines: line } }) => {
    const result = rowSchema.safeParse(Object.fromEntries(columns.map((name, i) => [name, record[i]])));
    if (!result.success) {
      const [issue] = result.error.issues;
      throw new UnreadableCosts(`line ${line}, ${issue!.path.join(".")}: ${issue!.message}`);
    }
    const { sku, since, unit_cost: unitCost } = result.data;
    const name = JSON.stringify([sku, since]);
    const first = seen.get(name);
    if (first !== undefined) {
      throw new UnreadableCosts(
        `line ${line}: "${sku}" has a cost from ${since} on in line ${first} already: keep one`,
      );
    }
    seen.set(name, line);
    return { sku, since, unitCost };
  });
}
