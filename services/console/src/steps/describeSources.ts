import { connectorNamed } from "@keypulse/connectors";
import type { ClickHouse } from "@keypulse/engines";
import type { Calendar } from "@keypulse/methods";
import { isValid, openSecret, type Source } from "@keypulse/sources";
import type { z } from "zod";
import { wiringOf } from "../domain/addresses.ts";
import { doorless, settingsFaults } from "../domain/connectorSettings.ts";
import { judgeHealth, refusedShare, type SourceFacts } from "../domain/sourceHealth.ts";
import { typicalGapMs } from "../domain/sourceSilence.ts";
import type {
  briefHealthSchema,
  briefSourceSchema,
  healthSchema,
  listedSourceSchema,
  shownSourceSchema,
} from "../inputs/answers.ts";
import { readSourceNumbers, type SourceNumbers } from "../inputs/sourceNumbers.ts";
import type { StoredSource } from "../outputs/sourceSettings.ts";

export interface DescribeSources {
  list(stored: readonly StoredSource[]): Promise<z.infer<typeof listedSourceSchema>[]>;
  /** @param writeKey a secret that is shown in this answer alone; snippets hold it */
  one(stored: StoredSource, writeKey?: string): Promise<z.infer<typeof shownSourceSchema>>;
  health(stored: StoredSource): Promise<z.infer<typeof healthSchema>>;
}

/** Sources as people see them: where they send to, what arrived, how they are. */
export function createDescribeSources(parts: {
  clickhouse: ClickHouse;
  collectorUrl: string;
  secretKey: string;
  calendar: Calendar;
}): DescribeSources {
  const { clickhouse, collectorUrl, secretKey, calendar } = parts;
  const health = async ({ source }: StoredSource) => {
    const nowMs = Date.now();
    const numbers = (await readSourceNumbers(clickhouse, [source.id], nowMs)).get(source.id)!;
    return wholeHealth(factsOf(source, secretKey, nowMs), numbers, nowMs, calendar);
  };
  return {
    health,
    async list(stored) {
      const nowMs = Date.now();
      const ids = stored.map(({ source }) => source.id);
      const numbers = await readSourceNumbers(clickhouse, ids, nowMs);
      return stored.map((one) => ({
        ...brief(one, collectorUrl, nowMs),
        health: briefHealth(factsOf(one.source, secretKey, nowMs), numbers.get(one.source.id)!, nowMs, calendar),
      }));
    },
    async one(stored, writeKey) {
      const { setup, snippets } = wiringOf(stored.source, collectorUrl, writeKey);
      return { ...brief(stored, collectorUrl, Date.now()), setup, snippets, health: await health(stored) };
    },
  };
}

function brief(
  { source, version }: StoredSource,
  collectorUrl: string,
  nowMs: number,
): z.infer<typeof briefSourceSchema> {
  const { secrets, plan, ...own } = source;
  return {
    ...own,
    version,
    title: (connectorNamed(source.connector) ?? doorless[source.connector])?.title ?? source.connector,
    address: wiringOf(source, collectorUrl).address,
    secrets: secrets
      .filter((secret) => isValid(secret, nowMs))
      .map(({ hash, hint, created_at, expires_at }) => ({
        hash: hash.slice(0, 12),
        hint,
        created_at,
        ...(expires_at === undefined ? {} : { expires_at }),
      })),
    plan: plan?.mode ?? null,
  };
}

function factsOf(source: Source, secretKey: string, nowMs: number): SourceFacts {
  const connector = connectorNamed(source.connector);
  const valid = source.secrets.filter((secret) => isValid(secret, nowMs));
  const needsSecret = connector !== undefined && connector.secret.origin !== "none";
  return {
    paused: source.state === "paused",
    goesOn: source.connector !== "file",
    fault: faultOf(source, secretKey, nowMs),
    missingSecret: needsSecret && valid.length === 0 ? connector.secret.label : undefined,
  };
}

function faultOf(source: Source, secretKey: string, nowMs: number): string | undefined {
  const connector = connectorNamed(source.connector);
  if (connector === undefined && !Object.hasOwn(doorless, source.connector)) {
    return `there is no connector "${source.connector}"`;
  }
  const [fault] = settingsFaults(connector, source.settings);
  if (fault !== undefined) return fault;
  try {
    for (const secret of source.secrets) {
      if (secret.sealed !== undefined && isValid(secret, nowMs)) openSecret(secret.sealed, secretKey, source.id);
    }
    return undefined;
  } catch {
    return "its secret was sealed under another KEYPULSE_SECRET_KEY; set that one, or rotate the secret";
  }
}

function briefHealth(
  facts: SourceFacts,
  numbers: SourceNumbers,
  nowMs: number,
  calendar: Calendar,
): z.infer<typeof briefHealthSchema> {
  const { lastOccurredMs, lastReceivedMs } = numbers;
  return {
    ...judgeHealth(facts, numbers, nowMs, calendar),
    last_event:
      lastOccurredMs === undefined || lastReceivedMs === undefined
        ? null
        : { occurred_at: instant(lastOccurredMs), received_at: instant(lastReceivedMs) },
    events_last_day: numbers.events,
    refused_share: refusedShare(numbers).share,
  };
}

function wholeHealth(
  facts: SourceFacts,
  numbers: SourceNumbers,
  nowMs: number,
  calendar: Calendar,
): z.infer<typeof healthSchema> {
  const gapMs = typicalGapMs(numbers.arrivalsMs);
  const thisMinute = Math.floor(nowMs / 60_000) * 60;
  return {
    ...briefHealth(facts, numbers, nowMs, calendar),
    events_ever: numbers.eventsEver,
    last_hour: Array.from({ length: 60 }, (_, index) => {
      const minute = thisMinute - (59 - index) * 60;
      return { minute: instant(minute * 1000), events: numbers.byMinute[String(minute)] ?? 0 };
    }),
    last_day: {
      by_type: numbers.byType,
      refused: numbers.refused,
      duplicates: numbers.duplicates,
      unknown_client_share: numbers.events === 0 ? null : numbers.unknownClients / numbers.events,
      clock_skew_seconds: numbers.clockSkewMs === undefined ? null : numbers.clockSkewMs / 1000,
    },
    typical_gap_seconds: gapMs === undefined ? null : gapMs / 1000,
  };
}

const instant = (ms: number): string => new Date(ms).toISOString();
