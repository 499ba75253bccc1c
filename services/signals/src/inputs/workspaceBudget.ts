import { type Budget, budgetSchema, budgetSetting } from "@keypulse/contracts";
import type { ClickHouse, EngineLogger } from "@keypulse/engines";
import type { Experience, Experiences } from "../domain/experience.ts";

export interface KeptBudget {
  /** 0 where nobody has set one. */
  version: number;
  budget: Budget;
}

/** What people have set and recorded that moves the detectors. */
export class WorkspaceBudget {
  readonly #clickhouse: ClickHouse;
  readonly #logger: EngineLogger;
  constructor(clickhouse: ClickHouse, logger: EngineLogger) {
    this.#clickhouse = clickhouse;
    this.#logger = logger;
  }

  async read(): Promise<KeptBudget> {
    const [row] = await this.#rows<{ version: number; text: string }>(
      `SELECT toUInt32(max(s.version)) AS version, argMax(s.value, s.version) AS text FROM settings AS s
       WHERE kind = '${budgetSetting.kind}' AND id = '${budgetSetting.id}'`,
    );
    const version = row?.version ?? 0;
    if (version === 0) return { version, budget: budgetSchema.parse({}) };
    const parsed = budgetSchema.safeParse(JSON.parse(row!.text || "{}"));
    if (parsed.success) return { version, budget: parsed.data };
    this.#logger.warn({ version }, "the budget can't be read: the service's settings hold");
    return { version, budget: budgetSchema.parse({}) };
  }

  /** Who is in these segments now, by client. */
  async members(segments: readonly string[]): Promise<Map<string, Set<string>>> {
    const members = new Map<string, Set<string>>();
    if (segments.length === 0) return members;
    const rows = await this.#rows<{ client_id: string; segments: string[] }>(
      `SELECT client_id, groupArray(toString(m.segment)) AS segments FROM segment_members AS m
       WHERE m.segment IN {segments: Array(String)} GROUP BY client_id`,
      { segments },
    );
    for (const row of rows) members.set(row.client_id, new Set(row.segments));
    return members;
  }

  /** Drops that people have said of whether they were real. */
  async judgedDrops(): Promise<{ ratio: number; real: boolean }[]> {
    const rows = await this.#rows<{ ratio: number; real: boolean }>(
      `SELECT JSONExtractFloat(a.evidence, 'values', 'ratio') AS ratio, o.was_real AS real
       FROM alert_outcomes AS o
       INNER JOIN (SELECT id, argMin(x.evidence, x.version) AS evidence FROM alerts AS x WHERE x.detector = 'activity_drop' GROUP BY id) AS a
         ON a.id = o.alert_id
       WHERE JSONHas(a.evidence, 'values', 'ratio')`,
    );
    return rows.map(({ ratio, real }) => ({ ratio: Math.max(0, ratio), real }));
  }

  /** What came of the detectors' alerts within a year. */
  async experiences(): Promise<Experiences> {
    const rows = await this.#rows<Experience & { detector: string }>(
      `SELECT toString(b.detector) AS detector, sum(b.aimed) AS aimed, toUInt32(sum(b.alerts)) AS alerts,
         toUInt32(sum(b.judged)) AS judged, toUInt32(sum(b.false_alarms)) AS falseAlarms
       FROM alert_budget AS b GROUP BY b.detector`,
    );
    return new Map(rows.map(({ detector, ...experience }) => [detector, experience]));
  }

  async #rows<T>(query: string, query_params: Record<string, unknown> = {}): Promise<T[]> {
    return await (await this.#clickhouse.query({ query, query_params, format: "JSONEachRow" })).json<T>();
  }
}
