import type { ClickHouse } from "@keypulse/engines";

export interface FieldWriting {
  /** Leaf key: what is written stays with it through merges and unmerges. */
  subjectKey: string;
  subject: "client" | "contact";
  field: string;
  /** Undefined takes the field away. */
  value: unknown;
  since: Date;
  who: string;
}

/** Appends to the dossier what a person says. */
export async function writeField(clickhouse: ClickHouse, writing: FieldWriting, now: Date): Promise<void> {
  await clickhouse.insert({
    table: "written_fields",
    format: "JSONEachRow",
    values: [
      {
        subject_key: writing.subjectKey,
        subject: writing.subject,
        field: writing.field,
        since: writing.since.getTime(),
        value: JSON.stringify(writing.value ?? null),
        who: writing.who,
        written_at: now.getTime(),
      },
    ],
    clickhouse_settings: { async_insert: 0, wait_end_of_query: 1 },
  });
}
