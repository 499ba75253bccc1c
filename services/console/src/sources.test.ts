import { silentLogger } from "@keypulse/engines";
import { freePorts } from "@keypulse/infra";
import { SourceBook, sourcesBell } from "@keypulse/sources";
import { eventually } from "@keypulse/testkit";
import { Validator } from "@seriousme/openapi-schema-validator";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { startConsole } from "./app.ts";
import { readConsoleConfig } from "./config.ts";
import { apiToken, type ConsoleWorld, createConsoleWorld, secretKey } from "./testing/consoleWorld.ts";

interface Shown {
  id: string;
  version: number;
  state: string;
  address: string | null;
  secret?: string;
  secrets: { hash: string; hint: string; expires_at?: string }[];
  setup: string[];
  snippets: Record<string, string>;
  settings: Record<string, unknown>;
  health: { health: string; reason: string };
}

interface Fault {
  error: string;
  detail?: string;
}

describe("the console's API", () => {
  let world: ConsoleWorld;
  let book: SourceBook;
  beforeAll(async () => {
    world = await createConsoleWorld({ COLLECTOR_PUBLIC_URL: "https://in.example/" });
    // What a collector knows.
    book = new SourceBook(world.clickhouse, secretKey, silentLogger);
    await book.open(world.redis, world.world.redisPrefix);
  });
  afterAll(async () => {
    book?.close();
    await world?.close();
  });
  const create = (wish: object) => world.call<Shown>("POST", "/v1/sources", wish);

  it("lets nobody in without the token, and says nothing more", async () => {
    for (const authorization of ["", "Bearer wrong", "Basic dGVzdA==", "Bearer "]) {
      const { status, body } = await world.call<Fault>("GET", "/v1/sources", undefined, { authorization });
      expect([status, body.error]).toEqual([401, expect.stringMatching(/token/)]);
    }
  });

  it("names what its settings lack", () => {
    expect(() => readConsoleConfig({ KEYPULSE_API_TOKEN: "short", KEYPULSE_SECRET_KEY: "abc" })).toThrow(
      /KEYPULSE_SECRET_KEY: must be 32 bytes.*KEYPULSE_API_TOKEN: must have at least 20/s,
    );
  });

  it("describes itself as OpenAPI 3.1 that a validator finds valid", async () => {
    const { status, body } = await world.call<Record<string, object>>("GET", "/openapi.json");
    const result = await new Validator().validate(structuredClone(body));
    expect([status, result.valid, result.errors]).toEqual([200, true, undefined]);
    expect(body.openapi).toBe("3.1.0");
    expect(
      Object.keys((body.paths!["/v1/sources" as never] as { post: { responses: object } }).post.responses),
    ).toEqual(["201", "4XX", "5XX"]);
    expect(Object.keys(body.paths!)).toEqual(
      expect.arrayContaining(["/v1/connectors", "/v1/sources/{id}/secrets/{hash}", "/v1/sources/{id}/live"]),
    );
  });

  it("lists connectors with their secret and their settings as JSON Schema", async () => {
    const { body } = await world.call<{ connectors: { name: string; settings: object; secret: object }[] }>(
      "GET",
      "/v1/connectors",
    );
    expect(body.connectors.find(({ name }) => name === "ses")).toMatchObject({
      title: "Amazon SES through SNS",
      secret: { origin: "none" },
      settings: { type: "object", required: ["topic_arn"], properties: { topic_arn: { type: "string" } } },
    });
  });

  it("leads a source from its making over rotation, pause and edit to its end", async () => {
    const rung: string[] = [];
    const bell = world.redis.duplicate();
    bell.on("message", (_channel, id) => rung.push(id));
    await bell.subscribe(sourcesBell(world.world.redisPrefix));

    const made = await create({ name: "Ümlaut Shop & Söhne", connector: "standardwebhooks" });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      id: "umlaut-shop-sohne",
      version: 1,
      state: "active",
      address: "https://in.example/hooks/umlaut-shop-sohne",
      secret: expect.stringMatching(/^whsec_/),
      health: { health: "waiting", reason: "It is waiting for its first event." },
    });
    expect(made.body.setup[0]).toContain("https://in.example/hooks/umlaut-shop-sohne");
    const id = made.body.id;
    const known = await eventually(
      async () => book.byId(id)?.secrets(Date.now()),
      (secrets) => secrets !== undefined,
    );
    expect(known).toEqual([made.body.secret]);

    const seen = await world.call<Shown>("GET", `/v1/sources/${id}`);
    expect(JSON.stringify(seen.body)).not.toContain(made.body.secret!.slice(0, -4));
    expect(seen.headers.get("etag")).toBe('"1"');

    const rotated = await world.call<Shown>("POST", `/v1/sources/${id}/secrets`, { overlap_hours: 2 });
    expect(rotated.body.secret).not.toBe(made.body.secret);
    expect(rotated.body.secrets.map(({ expires_at }) => expires_at === undefined)).toEqual([true, false]);
    const hours = (Date.parse(rotated.body.secrets[1]!.expires_at!) - Date.now()) / 3_600_000;
    expect(hours).toBeCloseTo(2, 1);
    await eventually(
      async () => book.byId(id)?.secrets(Date.now()),
      (secrets) => secrets?.[0] === rotated.body.secret && secrets?.[1] === made.body.secret,
    );
    expect(book.byId(id)?.secrets(Date.now() + 3 * 3_600_000)).toEqual([rotated.body.secret]);

    const pasted = await world.call<Shown>("POST", `/v1/sources/${id}/secrets`, {
      secret: "whsec_cGFzdGVkIGJ5IG1l",
      overlap_hours: 0,
    });
    expect(pasted.body).not.toHaveProperty("secret");
    expect(pasted.body.secrets).toHaveLength(1);
    const again = await world.call<Shown>("POST", `/v1/sources/${id}/secrets`);
    const old = again.body.secrets[1]!.hash;
    const revoked = await world.call<Shown>("DELETE", `/v1/sources/${id}/secrets/${old.slice(0, 8)}`);
    expect(revoked.body.secrets).toHaveLength(1);

    expect((await world.call<Shown>("POST", `/v1/sources/${id}/pause`)).body).toMatchObject({
      state: "paused",
      health: { health: "paused" },
    });
    expect((await world.call<Shown>("POST", `/v1/sources/${id}/resume`)).body.state).toBe("active");
    const edited = await world.call<Shown>(
      "PATCH",
      `/v1/sources/${id}`,
      { name: "Shop", requests_a_second: 5 },
      { "if-match": '"7"', "x-keypulse-user": "ana" },
    );
    expect(edited.body).toMatchObject({ name: "Shop", requests_a_second: 5, version: 8 });

    expect((await world.call("DELETE", `/v1/sources/${id}`)).status).toBe(204);
    expect((await world.call("GET", `/v1/sources/${id}`)).status).toBe(404);
    const reborn = await create({ name: "Shop", id, connector: "cloudevents" });
    expect(reborn.body).toMatchObject({ id, version: 10 });
    expect(
      await world.rows(`SELECT version, changed_by FROM settings WHERE id = '${id}' AND version >= 8 ORDER BY version`),
    ).toEqual([
      { version: 8, changed_by: "ana" },
      { version: 9, changed_by: "api" },
      { version: 10, changed_by: "api" },
    ]);
    await eventually(
      async () => rung.length,
      (count) => count === 10,
    );
    bell.disconnect();
    const [stored] = await world.rows<{ text: string }>("SELECT groupArray(value)::String AS text FROM settings");
    expect(stored!.text).not.toContain(made.body.secret);
  });

  it("takes one of two changes that know the same version", async () => {
    const { body } = await create({ name: "Twice", connector: "kafka" });
    expect(body).toMatchObject({ address: null, secrets: [] });
    const change = (name: string) =>
      world.call<Fault>("PATCH", `/v1/sources/${body.id}`, { name }, { "if-match": '"1"' });
    const answers = await Promise.all(["one", "two", "three"].map(change));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409, 409]);
    expect(answers.find(({ status }) => status === 409)?.body).toMatchObject({
      error: expect.stringContaining("somebody else"),
      detail: expect.stringContaining("version 1 was expected, 2 is there"),
    });
  });

  it("shows a write key in snippets once, and keeps its hash alone", async () => {
    const { body } = await create({ name: "Website", connector: "segment", settings: { currency: "EUR" } });
    expect(body.secret).toMatch(/^wk_/);
    expect(body.address).toBe("https://in.example/v1");
    expect(body.snippets["@segment/analytics-node"]).toContain(
      `writeKey: "${body.secret}", host: "https://in.example"`,
    );
    expect(body.snippets["@segment/analytics-next"]).toContain('apiHost: "in.example/v1"');
    await eventually(
      async () => book.bySecret(body.secret!, Date.now()),
      (open) => open?.source.id === body.id,
    );
    const [row] = await world.rows<{ value: string }>(`SELECT value FROM settings WHERE id = '${body.id}'`);
    expect(JSON.parse(row!.value).secrets[0]).not.toHaveProperty("sealed");
    const later = await world.call<Shown>("GET", `/v1/sources/${body.id}`);
    expect(later.body.snippets["@segment/analytics-node"]).toContain('writeKey: "<write key>"');
  });

  it("waits for a provider's secret, which never comes back out", async () => {
    const { body } = await create({ name: "Mail", connector: "mailgun" });
    expect(body).not.toHaveProperty("secret");
    expect(body.health).toMatchObject({
      health: "waiting",
      reason: "It is waiting for its secret: the provider's HTTP webhook signing key.",
    });
    const without = await world.call<Fault>("POST", `/v1/sources/${body.id}/secrets`, {});
    expect([without.status, without.body.detail]).toEqual([400, expect.stringContaining("HTTP webhook signing key")]);
    const given = await world.call<Shown>("POST", `/v1/sources/${body.id}/secrets`, { secret: " key-0123456789 \n" });
    expect(given.body.health.reason).toBe("It is waiting for its first event.");
    await eventually(
      async () => book.byId(body.id)?.secrets(Date.now())[0],
      (secret) => secret === "key-0123456789",
    );
  });

  it("names every fault", async () => {
    const faultOf = async (method: string, path: string, body?: unknown) => {
      const answer = await world.call<Fault>(method, path, body);
      return `${answer.status} ${answer.body.error}: ${answer.body.detail}`;
    };
    expect(await faultOf("POST", "/v1/sources", { id: "Not An Id", name: "", connector: 3, colour: "red" })).toMatch(
      /^400 .*id: must be 1 to 100.*name: .*connector: .*colour/,
    );
    expect(await faultOf("POST", "/v1/sources", { name: "x", connector: "fax" })).toMatch(
      /^400 .*there is no "fax".*sendgrid/,
    );
    expect(await faultOf("POST", "/v1/sources", { name: "x", connector: "ses", settings: { topic: "y" } })).toMatch(
      /^400 .*settings\.topic: is no setting.*settings\.topic_arn: /,
    );
    expect(
      await faultOf("POST", "/v1/sources", {
        name: "x",
        connector: "ses",
        settings: { topic_arn: "arn:aws:sns:eu-west-1:123456789012:mail" },
        secret: "no-secret-here",
      }),
    ).toMatch(/^400 this connector has no secret/);
    expect(await faultOf("POST", "/v1/sources", "{no json")).toMatch(/^400 /);
    expect(await faultOf("POST", "/v1/sources", { name: "x", id: "website", connector: "segment" })).toMatch(
      /^409 .*already/,
    );
    expect(await faultOf("PATCH", "/v1/sources/website", {})).toMatch(/^400 .*name, settings or requests_a_second/);
    expect(await faultOf("PATCH", "/v1/sources/nobody", { name: "x" })).toMatch(/^404 .*"nobody"/);
    expect(await faultOf("DELETE", "/v1/sources/website/secrets/ffffffff")).toMatch(
      /^404 no secret.*this source has: /,
    );
    expect(await faultOf("PUT", "/v1/sources/website/plan", { events: { "no.type": {} } })).toMatch(
      /^400 .*vocabulary/,
    );
    expect(await faultOf("GET", "/v1/sources/website/rejected?limit=0&after=x")).toMatch(/^400 .*limit: .*after: /);
    expect(await faultOf("GET", "/v1/nothing")).toMatch(/^404 /);
  });

  it("tries a mapping without storing anything", async () => {
    const attempt = (expression: string) =>
      world.call<Record<string, unknown>>("POST", "/v1/mappings/try", {
        expression,
        sample: '{"no": 7, "mail": "ana@acme.example"}',
      });
    const good = await attempt(
      '{"id": $string(no), "type": "web.form_submitted", "occurred_at": $receivedAt, "identifiers": {"email": mail}, "properties": {"form": "contact"}}',
    );
    expect(good.body).toMatchObject({
      results: [{ outcomes: [{ events: [{ id: "7", type: "web.form_submitted" }] }] }],
    });
    expect((await attempt("{ no: ")).body).toMatchObject({ of: "expression", place: { line: 1 } });
  });

  it("answers 503 where ClickHouse or Redis is away, and changes nothing", async () => {
    const [away = 0] = await freePorts(1);
    const without = async (settings: Record<string, string>) => {
      const service = await startConsole(
        readConsoleConfig({
          ...world.environment,
          LOG_LEVEL: "silent",
          KEYPULSE_API_TOKEN: apiToken,
          KEYPULSE_SECRET_KEY: secretKey,
          ...settings,
        }),
      );
      onTestFinished(() => service.stop());
      const headers = { authorization: `Bearer ${apiToken}`, "content-type": "application/json" };
      const body = JSON.stringify({ name: "Lost", connector: "kafka" });
      const answer = await fetch(`${service.url}/v1/sources`, { method: "POST", headers, body });
      return {
        status: answer.status,
        body: await answer.json(),
        ready: (await fetch(`${service.healthUrl}/ready`)).status,
      };
    };
    const answers = await Promise.all([
      without({ CLICKHOUSE_URL: `http://127.0.0.1:${away}` }),
      without({ REDIS_URL: `redis://127.0.0.1:${away}` }),
    ]);
    for (const answer of answers) {
      expect(answer).toMatchObject({
        status: 503,
        body: { error: expect.stringContaining("try again") },
        ready: 503,
      });
    }
    expect((await world.call("GET", "/v1/sources/lost")).status).toBe(404);
  });

  it("tells of itself", async () => {
    expect((await fetch(`${world.healthUrl}/ready`)).status).toBe(200);
    expect(await (await fetch(`${world.healthUrl}/metrics`)).text()).toMatch(
      /keypulse_console_request_seconds_count\{.*\/v1\/sources/,
    );
  });
});
