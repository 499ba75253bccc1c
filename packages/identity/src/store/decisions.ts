import { type IdentifierKind, identifierKinds } from "@keypulse/contracts";
import type { ClickHouse } from "@keypulse/engines";
import { z } from "zod";
import { identifierKey } from "../key.ts";
import { type Link, linkRules } from "../link.ts";
import { packKey, unpackKey } from "./packedLinks.ts";

export const decisionKinds = ["merge", "unmerge", "move", "set_aside", "release"] as const;
export type DecisionKind = (typeof decisionKinds)[number];

export interface Identifier {
  kind: IdentifierKind;
  /** Normalised. */
  value: string;
}

/** What a person decided about identities. Undoing takes its links away, and nothing else: so it is exact. */
export interface Decision {
  id: string;
  version: number;
  kind: DecisionKind;
  left: Identifier;
  right: Identifier | undefined;
  /** From when a move counts, epoch ms; undefined from the beginning. */
  sinceMs: number | undefined;
  links: readonly Link[];
  reason: string;
  who: string;
  decidedAt: string;
  undone: boolean;
}

const kindSchema = z.enum(identifierKinds);
const linksSchema = z.array(
  z.object({
    left: z.uuid(),
    leftKind: kindSchema,
    right: z.uuid(),
    rightKind: kindSchema,
    rule: z.enum(linkRules),
    atMs: z.number().int(),
  }),
);
const rowSchema = z.object({
  id: z.uuid(),
  version: z.number(),
  kind: z.enum(decisionKinds),
  left_kind: kindSchema,
  left_value: z.string(),
  right_kind: z.union([kindSchema, z.literal("")]),
  right_value: z.string(),
  since_ms: z.string().nullable(),
  links: z.string(),
  reason: z.string(),
  who: z.string(),
  decided_at: z.string(),
  undone: z.boolean(),
});

/** The link that a decision makes of two identifiers, or of one with itself. */
export function decidedLink(left: Identifier, right: Identifier, rule: Link["rule"], atMs: number): Link {
  return {
    left: packKey(identifierKey(left.kind, left.value)),
    leftKind: left.kind,
    right: packKey(identifierKey(right.kind, right.value)),
    rightKind: right.kind,
    rule,
    atMs,
  };
}

/** All decisions, the newest first, also those undone. */
export async function readDecisions(clickhouse: ClickHouse): Promise<Decision[]> {
  const result = await clickhouse.query({
    query: `SELECT id, version, kind, left_kind, left_value, right_kind, right_value,
        toString(toUnixTimestamp64Milli(since)) AS since_ms, links, reason, who,
        formatDateTime(decided_at, '%FT%TZ', 'UTC') AS decided_at, undone
      FROM identity_decisions_log FINAL ORDER BY identity_decisions_log.decided_at DESC, id`,
    format: "JSONEachRow",
  });
  const rows = z.array(rowSchema).parse(await result.json());
  return rows.map((row) => ({
    id: row.id,
    version: row.version,
    kind: row.kind,
    left: { kind: row.left_kind, value: row.left_value },
    right: row.right_kind === "" ? undefined : { kind: row.right_kind, value: row.right_value },
    sinceMs: row.since_ms === null ? undefined : Number(row.since_ms),
    links: linksSchema.parse(JSON.parse(row.links)).map((link) => ({
      ...link,
      left: packKey(link.left),
      right: packKey(link.right),
    })),
    reason: row.reason,
    who: row.who,
    decidedAt: row.decided_at,
    undone: row.undone,
  }));
}

/** Writes a version of a decision; the newest counts. */
export async function writeDecision(clickhouse: ClickHouse, decision: Decision): Promise<void> {
  await clickhouse.insert({
    table: "identity_decisions_log",
    format: "JSONEachRow",
    values: [
      {
        id: decision.id,
        version: decision.version,
        kind: decision.kind,
        left_kind: decision.left.kind,
        left_value: decision.left.value,
        right_kind: decision.right?.kind ?? "",
        right_value: decision.right?.value ?? "",
        since: decision.sinceMs ?? null,
        links: JSON.stringify(
          decision.links.map((link) => ({ ...link, left: unpackKey(link.left), right: unpackKey(link.right) })),
        ),
        reason: decision.reason,
        who: decision.who,
        decided_at: Date.parse(decision.decidedAt),
        undone: decision.undone,
      },
    ],
    clickhouse_settings: { async_insert: 0 },
  });
}
