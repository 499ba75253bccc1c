import type { StreamEvent, TestWorkspace } from "@keypulse/testkit";
import { expectedTables } from "./expectedTables.ts";
import type { OrderTruth } from "./shops.ts";

/** Differences named of one table; more say nothing new. */
const mostShown = 5;

export interface Totals {
  /** Messages in the event topics: the end offsets' sum. */
  messages: number;
  events: number;
  duplicates: number;
  rejected: number;
  identities: number;
}

export interface Findings {
  totals: Totals;
  /** What does not hold, in words; empty where all is exact. */
  faults: string[];
}

/** Compares every table fed from events with the sums of what was sent, and every Kafka offset with its place. */
export async function findFaults(
  workspace: TestWorkspace,
  sent: readonly StreamEvent[],
  truths: readonly OrderTruth[],
): Promise<Findings> {
  const messages = await endOffsets(workspace);
  const total = [...messages.values()].reduce((sum, end) => sum + end, 0);
  const unique = new Set(sent.map(({ event }) => `${event.source}|${event.id}`)).size;
  const [counts] = await workspace.rows<Omit<Totals, "messages">>(
    `SELECT toUInt32((SELECT count() FROM events)) AS events, toUInt32((SELECT count() FROM duplicate_events)) AS duplicates,
      toUInt32((SELECT count() FROM rejected_events)) AS rejected, toUInt32((SELECT count() FROM identity_map)) AS identities`,
  );
  const totals: Totals = { messages: total, ...counts! };
  const faults: string[] = [];
  const mustBe = (what: string, found: number, wanted: number) => {
    if (found !== wanted) faults.push(`${what}: ${found}, but ${wanted} is right`);
  };
  mustBe("events", totals.events, unique);
  mustBe("duplicate_events", totals.duplicates, total - unique);
  mustBe("rejected_events", totals.rejected, 0);
  faults.push(...(await misplacedOffsets(workspace, messages)));
  for (const { table, query, rows } of expectedTables(sent, truths)) {
    faults.push(...differences(table, rows, await workspace.rows<Row>(query)));
  }
  return { totals, faults };
}

interface Row {
  name: string;
  figures: string;
}

function differences(table: string, expected: ReadonlyMap<string, string>, rows: readonly Row[]): string[] {
  const found = new Map(rows.map(({ name, figures }) => [name, figures]));
  const list: string[] = [];
  if (found.size !== rows.length) list.push(`${table}: ${rows.length - found.size} names come twice`);
  for (const [name, figures] of expected) {
    if (found.get(name) !== figures)
      list.push(`${table}: ${name} is ${found.get(name) ?? "missing"}, but ${figures} is right`);
  }
  for (const [name, figures] of found) {
    if (!expected.has(name)) list.push(`${table}: ${name} (${figures}) should not be there`);
  }
  return list.length <= mostShown
    ? list
    : [...list.slice(0, mostShown), `${table}: and ${list.length - mostShown} more`];
}

/** End offset by `topic:partition` of the event topics. */
export async function endOffsets(workspace: TestWorkspace): Promise<Map<string, number>> {
  const admin = workspace.kafka.admin();
  await admin.connect();
  try {
    const ends = new Map<string, number>();
    for (const topic of Object.values(workspace.topics.events)) {
      for (const { partition, high } of await admin.fetchTopicOffsets(topic))
        ends.set(`${topic}:${partition}`, Number(high));
    }
    return ends;
  } finally {
    await admin.disconnect();
  }
}

/** Every offset must be in exactly one of the three tables. */
async function misplacedOffsets(workspace: TestWorkspace, ends: ReadonlyMap<string, number>): Promise<string[]> {
  const rows = await workspace.rows<{ place: string; n: number; different: number; highest: number }>(
    `SELECT concat(topic, ':', toString(partition)) AS place, toUInt32(count()) AS n, toUInt32(uniqExact(offset)) AS different,
      toInt32(max(offset)) AS highest
    FROM (
      SELECT topic, partition, offset FROM events
      UNION ALL SELECT topic, partition, offset FROM duplicate_events
      UNION ALL SELECT topic, partition, offset FROM rejected_events
    ) GROUP BY place ORDER BY place`,
  );
  const found = new Map(rows.map((row) => [row.place, row]));
  return [...ends].flatMap(([place, end]) => {
    const { n = 0, different = 0, highest = -1 } = found.get(place) ?? {};
    if (n === end && different === end && highest === end - 1) return [];
    return [
      `offsets of ${place}: ${n} rows of ${different} offsets up to ${highest}, but each of ${end} should be there once`,
    ];
  });
}
