import { setTimeout as sleep } from "node:timers/promises";
import { type AnyConnector, connectorNamed, MalformedBody, type ProviderRequest } from "@keypulse/connectors";
import type { ClickHouse } from "@keypulse/engines";
import { openSecret, type Source } from "@keypulse/sources";
import { hookAddress } from "../domain/addresses.ts";
import { ApiFault } from "../domain/apiFault.ts";
import { harmlessReasons } from "../domain/sourceHealth.ts";
import type { WiringAnswer, WiringStep } from "../inputs/answers.ts";
import { readClients } from "../inputs/clients.ts";
import { type Expected, findStored, type Stored } from "../inputs/storedSample.ts";

const answerWithinMs = 10_000;
const storedWithinMs = 15_000;
const lookEveryMs = 200;
/** A source or secret that was made a moment ago may not have reached the collector yet. */
const knownWithinMs = 3_000;
const momentMs = 60_000;

export interface WiringParts {
  clickhouse: ClickHouse;
  collectorUrl: string;
  secretKey: string;
  /** Makes a write key that is valid for a moment: of write keys only hashes are kept. @returns how to take it away */
  lendWriteKey(source: Source): Promise<{ writeKey: string; takeBack(): Promise<void> }>;
}

/**
 * Sends what the provider would send to the source's real address and follows it: the collector's answer, Kafka's
 * acknowledgement, the row in ClickHouse, the client. The first step that fails ends it, with what to do.
 */
export async function testWiring(parts: WiringParts, source: Source): Promise<WiringAnswer> {
  const connector = connectorNamed(source.connector);
  if (connector === undefined) {
    throw new ApiFault(
      400,
      "a source without an address can't be tested from here",
      "send an event or a file of your own",
    );
  }
  const beganMs = Date.now();
  const trail = new Trail(beganMs);
  const lent = connector.name === "segment" ? await parts.lendWriteKey(source) : undefined;
  try {
    const secrets = lent ? [lent.writeKey] : validSecrets(source, parts.secretKey, beganMs);
    if (secrets.length === 0 && connector.secret.origin !== "none") {
      return trail.failed(
        "secret",
        "no valid secret is there",
        `Paste the provider's ${connector.secret.label}: npm run source -- rotate ${source.id} --secret …`,
      );
    }
    trail.ok("secret", connector.secret.origin === "none" ? "none is needed" : "there is one to sign with");
    const context = {
      source: source.id,
      secrets,
      settings: connector.settings.parse(source.settings),
      receivedAt: new Date(beganMs),
    };
    const address = hookAddress(parts.collectorUrl, source.id);
    const request = connector.sample(address, context);
    const expected = await expectedOf(connector, request, context);

    const patient = lent !== undefined || beganMs - Date.parse(source.updated_at) < momentMs;
    const unknown = connector.onlyProviderSigns && !lent ? [404] : [401, 404];
    const answer = await send(request, patient ? unknown : []);
    const refused = judgeAnswer(answer, connector, request.url, trail);
    if (refused === "stop") return trail.answer();
    if (refused === "only provider signs") {
      return trail.answer({
        skip: ["kafka", "clickhouse", "client"],
        why: "only what the provider signs goes further",
      });
    }
    trail.ok("kafka", "the collector answers so only after all in-sync replicas have it");

    const stored = await untilStored(parts.clickhouse, source.id, expected, beganMs);
    if (stored === undefined) {
      return trail.failed(
        "clickhouse",
        `not stored within ${storedWithinMs / 1000} s`,
        "See that ingest runs and keeps up: its /ready, and keypulse_ingest_lag_messages in its /metrics.",
      );
    }
    return await judgeStored(stored, parts.clickhouse, trail);
  } finally {
    await lent?.takeBack();
  }
}

const validSecrets = (source: Source, secretKey: string, nowMs: number): string[] =>
  source.secrets
    .filter(({ sealed, expires_at }) => sealed !== undefined && (!expires_at || Date.parse(expires_at) > nowMs))
    .map(({ sealed }) => openSecret(sealed!, secretKey, source.id));

/** Ids and bytes by which the sample is found again: the connector reads it here as it will in the collector. */
async function expectedOf(
  connector: AnyConnector,
  request: ProviderRequest,
  context: Parameters<AnyConnector["parse"]>[1],
): Promise<Expected> {
  try {
    const elements = await connector.parse(request, context);
    return {
      eventIds: elements.flatMap((element) => ("events" in element ? element.events.map(({ id }) => id) : [])),
      raw: elements.map(({ raw }) => raw.toString("base64")),
    };
  } catch (error) {
    if (error instanceof MalformedBody) return { eventIds: [], raw: [] };
    throw error;
  }
}

interface Answer {
  status: number;
  error: string;
}

/** @param unknown answers after which it tries again for a while: the source or its secret may not be known yet */
async function send(request: ProviderRequest, unknown: readonly number[]): Promise<Answer | { unreachable: string }> {
  const untilMs = Date.now() + knownWithinMs;
  const headers = Object.entries(request.headers).filter((entry): entry is [string, string] => entry[1] !== undefined);
  for (;;) {
    try {
      const response = await fetch(request.url, {
        method: request.method,
        headers,
        ...(request.method === "GET" ? {} : { body: new Uint8Array(request.body) }),
        redirect: "manual",
        signal: AbortSignal.timeout(answerWithinMs),
      });
      const text = (await response.text()).slice(0, 2_000);
      if (!unknown.includes(response.status) || Date.now() >= untilMs)
        return { status: response.status, error: errorOf(text) };
    } catch (error) {
      const cause = (error as Error).cause as Error | undefined;
      return { unreachable: cause?.message || (error as Error).message };
    }
    await sleep(lookEveryMs);
  }
}

function errorOf(text: string): string {
  try {
    return String((JSON.parse(text) as { error?: unknown }).error ?? "");
  } catch {
    return text.slice(0, 200);
  }
}

/** What the collector's answer means. @returns whether the sample can be followed */
function judgeAnswer(
  answer: Answer | { unreachable: string },
  connector: AnyConnector,
  url: string,
  trail: Trail,
): "go on" | "only provider signs" | "stop" {
  if ("unreachable" in answer) {
    trail.failed(
      "collector",
      `nothing answers at ${url}: ${answer.unreachable}`,
      "Start the collector, or set COLLECTOR_PUBLIC_URL to the address that providers reach it at (a proxy, a tunnel).",
    );
    return "stop";
  }
  const { status, error } = answer;
  const said = `answered ${status}${error === "" ? "" : `: ${error}`}`;
  if (status >= 200 && status < 300) {
    trail.ok("collector", `answered ${status} at ${url}`);
    trail.ok("signature", "accepted");
    return "go on";
  }
  if (status === 401 || status === 403) {
    trail.ok("collector", `answered ${status} at ${url}`);
    if (connector.onlyProviderSigns) {
      trail.add("signature", "skipped", `only the provider can sign; ours was refused, as it has to be (${error})`);
      return "only provider signs";
    }
    trail.failed(
      "signature",
      said,
      "If the source was changed a moment ago, try again. If not, see that COLLECTOR_PUBLIC_URL is the collector's own address, and that both services have the same KEYPULSE_SECRET_KEY.",
    );
  } else if (status === 503) {
    trail.ok("collector", `answered ${status} at ${url}`);
    trail.failed("kafka", said, "See that Kafka runs and that the collector reaches it: its /ready says why not.");
  } else if (status === 404) {
    trail.failed(
      "collector",
      said,
      "The collector does not know this source: it reads another ClickHouse or Redis, or COLLECTOR_PUBLIC_URL leads elsewhere.",
    );
  } else if (status === 429) {
    trail.failed("collector", said, "The source is at its limit: raise requests_a_second, or try again.");
  } else {
    trail.failed(
      "collector",
      said,
      "See the collector's log; where a proxy is in front, see that it passes POST requests on unchanged.",
    );
  }
  return "stop";
}

async function untilStored(clickhouse: ClickHouse, source: string, expected: Expected, sinceMs: number) {
  const untilMs = Date.now() + storedWithinMs;
  while (Date.now() < untilMs) {
    const stored = await findStored(clickhouse, source, expected, sinceMs);
    if (stored !== undefined) return stored;
    await sleep(lookEveryMs);
  }
  return undefined;
}

async function judgeStored(stored: Stored, clickhouse: ClickHouse, trail: Trail): Promise<WiringAnswer> {
  if (stored.as === "rejected") {
    const { reason, detail } = stored;
    const said = `kept aside for the reason ${reason}: ${detail}`;
    if (reason === "paused")
      return trail.failed("clickhouse", said, "The source is paused: resume it to have events counted.");
    if (!harmlessReasons.has(reason)) {
      return trail.failed(
        "clickhouse",
        said,
        "Mend the source's settings, mapping or plan; what was refused can then be replayed (npm run replay).",
      );
    }
    trail.ok("clickhouse", `${said}; the sample means nothing to us, but it came through`);
    return trail.answer({ skip: ["client"], why: "it is no event" });
  }
  if (stored.as === "duplicate") {
    trail.ok("clickhouse", "recognised as sent before, so it counts once: an earlier test had the same id");
    return trail.answer({ skip: ["client"], why: "the first one counts" });
  }
  trail.ok("clickhouse", `stored as ${stored.types.join(", ")}`);
  const client = (await readClients(clickhouse, [stored.clientKey])).get(stored.clientKey);
  if (client === undefined) trail.add("client", "ok", "the sample is nobody's, so that it makes no client");
  else trail.add("client", "ok", `it is an event of the client ${client.name || client.id}`);
  return { ...trail.answer(), client: client ?? null };
}

/** The steps as they went. */
class Trail {
  readonly #steps: WiringStep[] = [];
  readonly #beganMs: number;
  #toDo: string | null = null;
  constructor(beganMs: number) {
    this.#beganMs = beganMs;
  }

  add(step: WiringStep["step"], outcome: WiringStep["outcome"], says: string): void {
    this.#steps.push({ step, outcome, says });
  }

  ok(step: WiringStep["step"], says: string): void {
    this.add(step, "ok", says);
  }

  failed(step: WiringStep["step"], says: string, whatToDo: string): WiringAnswer {
    this.add(step, "failed", says);
    this.#toDo = whatToDo;
    return this.answer();
  }

  answer(rest?: { skip: WiringStep["step"][]; why: string }): WiringAnswer {
    for (const step of rest?.skip ?? []) this.add(step, "skipped", rest!.why);
    const stopped = this.#steps.find(({ outcome }) => outcome === "failed");
    return {
      ok: stopped === undefined,
      stopped_at: stopped?.step ?? null,
      what_to_do: this.#toDo,
      steps: [...this.#steps],
      client: null,
      seconds: (Date.now() - this.#beganMs) / 1000,
    };
  }
}
