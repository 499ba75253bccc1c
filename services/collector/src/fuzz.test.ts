import { connectors } from "@keypulse/connectors";
import { eventually, seededRandom } from "@keypulse/testkit";
import { Agent, request } from "undici";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type CollectorWorld, createCollectorWorld } from "./testing/collectorWorld.ts";

/** Set KEYPULSE_FUZZ_SEED to repeat a run. */
const seed = Number(process.env.KEYPULSE_FUZZ_SEED ?? Math.floor(Math.random() * 1_000_000));
const requests = 50_000;
const connections = 64;

interface Sent {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: Buffer;
}

let world: CollectorWorld;
let agent: Agent;
beforeAll(async () => {
  world = await createCollectorWorld();
  agent = new Agent({ connections });
});
afterAll(async () => {
  await agent.close();
  await world.close();
});

it(`${requests} mutated requests: no 5xx, no crash, nothing acknowledged and absent (seed ${seed})`, {
  timeout: 180_000,
}, async () => {
  const random = seededRandom(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const bases = await originals();
  const statuses = new Map<number, number>();
  const acknowledged: string[] = [];
  let next = 0;
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (next < requests) {
        const token = `fz${seed}x${(next++).toString(36)}z`;
        const sent = mutate(pick(bases)(token), random, pick);
        const answer = await request(`${world.collector.url}${sent.path}`, {
          method: sent.method as "POST",
          headers: sent.headers,
          body: sent.method === "GET" ? null : sent.body,
          dispatcher: agent,
        });
        await answer.body.dump();
        // The certificate of SNS can't be had without the internet: that is answered with 503, as it should be.
        if (sent.path.startsWith("/hooks/fuzz-ses") && answer.statusCode === 503) continue;
        statuses.set(answer.statusCode, (statuses.get(answer.statusCode) ?? 0) + 1);
        // What was taken and still has its id has to be in Kafka, as an event or with the reason.
        const taken = answer.statusCode === 200 && sent.method === "POST" && sent.path.startsWith("/v1/");
        if (taken && sent.body.includes(`"messageId":"${token}"`)) acknowledged.push(token);
      }
    }),
  );
  expect([...statuses.keys()].filter((status) => status >= 500)).toEqual([]);
  expect(acknowledged.length).toBeGreaterThan(2_000);
  const absent = await eventually(
    async () => {
      const messages = await world.messages(0);
      const found = new Set(messages.flatMap(({ value }) => value.match(/fz\d+x[0-9a-z]+z/g) ?? []));
      return acknowledged.filter((token) => !found.has(token));
    },
    (tokens) => tokens.length === 0,
    30_000,
    500,
  );
  expect(absent).toEqual([]);
  expect((await fetch(`${world.collector.url}/v1/projects/none/settings`)).status).toBe(404);
});

/** A genuine request of every end point, with a token in it that can be found again. */
async function originals(): Promise<((token: string) => Sent)[]> {
  const json = { "content-type": "application/json" };
  const key = await world.wire("fuzz-segment", "segment", { requests_a_second: 100_000 });
  const authorization = `Basic ${Buffer.from(`${key}:`).toString("base64")}`;
  const paths = ["track", "identify", "group", "page", "screen", "alias", "batch", "import", "t", "b"];
  const made: ((token: string) => Sent)[] = paths.map((name) => (token) => {
    const message = {
      type: name.length > 1 && name !== "batch" && name !== "import" ? name : "track",
      event: "Order Completed",
      userId: `u-${token.length}`,
      groupId: "g-1",
      previousId: "p-1",
      messageId: token,
      timestamp: new Date().toISOString(),
      traits: { email: "ana@acme.example" },
      properties: { order_id: token, total: 12.5, currency: "EUR", products: [{ sku: "A", price: 1, quantity: 2 }] },
    };
    const whole = ["batch", "import", "b"].includes(name) ? { batch: [message] } : message;
    return {
      method: "POST",
      path: `/v1/${name}`,
      headers: { ...json, authorization },
      body: Buffer.from(JSON.stringify(whole)),
    };
  });
  for (const connector of connectors) {
    if (connector.name === "segment") continue;
    const id = `fuzz-${connector.name}`;
    const settings =
      connector.name === "ses" ? { topic_arn: "arn:aws:sns:eu-west-1:123456789012:ses" } : mappingOf(connector.name);
    const secret = await world.wire(id, connector.name, { settings, requests_a_second: 100_000 });
    const context = {
      source: id,
      secrets: [secret],
      settings: connector.settings.parse(settings) as never,
      receivedAt: new Date(),
    };
    made.push(() => {
      const { method, headers, body } = connector.sample(`${world.collector.url}/hooks/${id}`, {
        ...context,
        receivedAt: new Date(),
      });
      const given = Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined);
      return { method, path: `/hooks/${id}`, headers: Object.fromEntries(given), body };
    });
  }
  return made;
}

const mappingOf = (name: string): Record<string, unknown> =>
  name === "json"
    ? { expression: '{"id": id, "type": "web.custom", "occurred_at": at, "properties": {"name": name}}' }
    : {};

/** One to three things go wrong, or nothing. */
function mutate(sent: Sent, random: () => number, pick: <T>(list: readonly T[]) => T): Sent {
  let { method, path, body } = sent;
  const headers = { ...sent.headers };
  for (let times = Math.floor(random() * 4); times > 0; times--) {
    switch (Math.floor(random() * 9)) {
      case 0:
        body = body.subarray(0, Math.floor(random() * body.length));
        break;
      case 1: {
        body = Buffer.from(body);
        for (let i = 0; i < 3; i++) body[Math.floor(random() * body.length)] = Math.floor(random() * 256);
        break;
      }
      case 2:
        body = Buffer.from(
          body.toString("latin1").replace(/"[^"]*"(?=[,}\]])/, () => JSON.stringify(pick(values))),
          "latin1",
        );
        break;
      case 3:
        body = Buffer.from(
          body
            .toString("latin1")
            .replace(/:\s*(?:\d+(?:\.\d+)?|null|true|false)/, () => `:${JSON.stringify(pick(values))}`),
          "latin1",
        );
        break;
      case 4:
        delete headers[pick(Object.keys(headers).length > 0 ? Object.keys(headers) : ["x"])];
        break;
      case 5:
        headers[pick(["content-type", "content-encoding", "authorization", "x-twilio-signature"])] = pick(headerValues);
        break;
      case 6:
        path = pick([
          `${path}/`,
          `${path}?a=%00&b=..%2f`,
          path.replace(/.$/, ""),
          `${path}%ff`,
          `/hooks/${"x".repeat(300)}`,
        ]);
        break;
      case 7:
        method = pick(["GET", "PUT", "OPTIONS", "DELETE", "POST"]);
        break;
      default:
        body = Buffer.concat([Buffer.from(pick(["[", "{", "\ufeff", "\0", '{"a":'.repeat(200)])), body]);
    }
  }
  return { method, path, headers, body };
}

const values = [
  null,
  true,
  -1,
  1e308,
  "",
  "\0",
  "\ud800",
  "x".repeat(5_000),
  [],
  {},
  [[[[]]]],
  { __proto__: null },
  "2026-13-45",
  0.1 + 0.2,
];
const headerValues = [
  "",
  "gzip",
  "text/plain",
  "application/x-www-form-urlencoded",
  "multipart/form-data; boundary=x",
  "Basic !!!",
  "Bearer x",
  "application/cloudevents-batch+json",
  "v1,AAAA",
];
