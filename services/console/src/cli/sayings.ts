import type { z } from "zod";
import { sayDuration } from "../domain/durations.ts";
import type { HealthWord } from "../domain/sourceHealth.ts";
import type {
  listedSourceSchema,
  rejectedSchema,
  shownSourceSchema,
  wiringSchema,
  withSecretSchema,
} from "../inputs/answers.ts";
import { facts, sparkline, styled, table } from "./table.ts";

export type ListedSource = z.infer<typeof listedSourceSchema>;
export type ShownSource = z.infer<typeof shownSourceSchema>;
export type WithSecret = z.infer<typeof withSecretSchema>;
export type Wiring = z.infer<typeof wiringSchema>;
export type Rejected = z.infer<typeof rejectedSchema>;

const colours = {
  ok: "green",
  quiet: "yellow",
  waiting: "yellow",
  paused: "dim",
  broken: "red",
  refused: "red",
} as const satisfies Record<HealthWord, string>;

export function sayList(sources: readonly ListedSource[]): string {
  if (sources.length === 0) return "No source is wired yet: npm run source -- create --help";
  const list = table(
    ["source", "health", "events 24 h", "last", "connector", "name"],
    sources.map(({ id, health, connector, name }) => [
      id,
      health.health,
      String(health.events_last_day),
      health.last_event === null ? "never" : `${ago(health.last_event.received_at)} ago`,
      connector,
      name,
    ]),
  );
  const troubles = sources.filter(({ health }) => health.health !== "ok");
  return [list, ...troubles.map(({ id, health }) => `${styled(colours[health.health], id)}: ${health.reason}`)].join(
    "\n",
  );
}

export function saySource(source: ShownSource): string {
  const { health, secrets, setup, snippets } = source;
  const day = health.last_day;
  const about = facts([
    ["name", source.name],
    ["connector", `${source.title} (${source.connector})`],
    ["address", source.address ?? "none"],
    ["health", `${styled(colours[health.health], health.health)}  ${health.reason}`],
    [
      "last event",
      health.last_event === null
        ? "never"
        : `${health.last_event.received_at}, ${ago(health.last_event.received_at)} ago`,
    ],
    [
      "last hour",
      health.last_hour.some(({ events }) => events > 0)
        ? `|${sparkline(health.last_hour.map(({ events }) => events))}|`
        : "",
    ],
    [
      "last 24 hours",
      `${health.events_last_day} ${health.events_last_day === 1 ? "event" : "events"}${listOf(day.by_type)}`,
    ],
    ["not used", listOf(day.refused).replace(/^: /, "")],
    ["duplicates", day.duplicates > 0 ? `${day.duplicates}, counted once` : ""],
    ["without client", day.unknown_client_share ? `${Math.round(day.unknown_client_share * 100)} %` : ""],
    ["typical gap", health.typical_gap_seconds === null ? "" : sayDuration(health.typical_gap_seconds * 1000)],
    ["clock skew", day.clock_skew_seconds === null ? "" : `${day.clock_skew_seconds} s from occurrence to arrival`],
    ["limit", `${source.requests_a_second} requests a second`],
    ["settings", Object.keys(source.settings).length === 0 ? "" : JSON.stringify(source.settings, null, 2)],
    ["plan", source.plan === null ? "" : `${source.plan} what deviates`],
    [
      "secrets",
      secrets
        .map(({ hash, hint, expires_at }) => `${hash}  …${hint}${expires_at ? `  until ${expires_at}` : ""}`)
        .join("\n"),
    ],
  ]);
  const steps = setup.map((step, index) => `  ${index + 1}. ${step}`).join("\n");
  const code = Object.entries(snippets).map(([name, text]) => `${styled("bold", name)}\n${text.trimEnd()}`);
  return [styled("bold", source.id), about, `${styled("bold", "How to wire it")}\n${steps}`, ...code]
    .join("\n\n")
    .replace("\n\n", "\n");
}

/** The one time that a secret is seen. */
export function saySecret({ secret, connector }: WithSecret): string {
  if (secret === undefined) return "";
  const what = connector === "segment" ? "write key" : "secret";
  return `\n${styled(["bold", "yellow"], `The ${what}, shown this once and never again:`)}\n\n  ${secret}\n`;
}

export function sayWiring({ ok, steps, what_to_do, seconds }: Wiring): string {
  const marks = { ok: styled("green", "✓"), skipped: styled("dim", "-"), failed: styled("red", "✗") } as const;
  const lines = steps.map(({ step, outcome, says }) => `${marks[outcome]} ${step.padEnd(10)}  ${says}`);
  const end = ok
    ? `The wiring works (${seconds.toFixed(1)} s).`
    : `${styled("red", "It stops there.")} ${what_to_do ?? ""}`;
  return [...lines, "", end].join("\n");
}

export function sayRejected(rejected: readonly Rejected[], next: string | null): string {
  if (rejected.length === 0) return "Nothing was refused.";
  const blocks = rejected.map(({ received_at, reason, detail, replayed, text, base64 }) => {
    const head = `${styled("dim", received_at)}  ${styled("red", reason)}  ${detail}${replayed ? styled("dim", " (sent again)") : ""}`;
    // Control characters of a sender must not reach the terminal.
    const body = (text ?? `base64 ${base64}`).replace(/[^\P{Control}\n\t]/gu, " ");
    return `${head}\n  ${body.length > 1_000 ? `${body.slice(0, 1_000)} … (${body.length} characters; --json has all)` : body.replaceAll("\n", "\n  ")}`;
  });
  return [...blocks, ...(next === null ? [] : [`There is more: --after ${next}`])].join("\n");
}

const ago = (time: string): string => sayDuration(Date.now() - Date.parse(time));

const listOf = (counts: Record<string, number>): string => {
  const entries = Object.entries(counts).toSorted(([, left], [, right]) => right - left);
  return entries.length === 0 ? "" : `: ${entries.map(([name, count]) => `${name} ${count}`).join(", ")}`;
};
