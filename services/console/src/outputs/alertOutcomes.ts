import type { Outcome } from "@keypulse/contracts";
import type { ClickHouse } from "@keypulse/engines";

/** Records what became of an alert; what was recorded before stays in the history. @param outcome undefined takes it back */
export async function recordOutcome(
  clickhouse: ClickHouse,
  given: { alertId: string; clientId: string; outcome: Outcome | undefined; note: string; who: string },
  now: Date,
): Promise<void> {
  await clickhouse.insert({
    table: "alert_outcomes_log",
    values: [
      {
        alert_id: given.alertId,
        client_id: given.clientId,
        outcome: given.outcome ?? "",
        note: given.note,
        who: given.who,
        recorded_at: now.getTime(),
      },
    ],
    format: "JSONEachRow",
    clickhouse_settings: { async_insert: 0, wait_end_of_query: 1 },
  });
}
