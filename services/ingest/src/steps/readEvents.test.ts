import { type EventType, eventKinds, eventTypes, vocabulary } from "@keypulse/contracts";
import { createIdentityResolver } from "@keypulse/identity";
import { buildEvent, createTestWorkspace, type SentEvent } from "@keypulse/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Batch, newBatch } from "../domain/batch.ts";
import { type RawMessage, rejectReasons } from "../domain/outcome.ts";
import { EventTables } from "../outputs/eventTables.ts";
import { createReadEvents } from "./readEvents.ts";

const readEvents = createReadEvents(createIdentityResolver({ defaultCountry: "FR" }));
const receivedAtMs = Date.now();

function batchOf(values: (Buffer | null)[], kind: Batch["range"]["kind"]): Batch {
  const messages = values.map(
    (value, offset): RawMessage => ({ offset, timestampMs: receivedAtMs, key: null, value, headers: {} }),
  );
  const range = { topic: `events.${kind}`, life: 1, kind, partition: 0, first: 0, last: values.length - 1 };
  return newBatch(range, messages);
}

/** A valid event of any type, with whatever identifiers. */
const validEvent: fc.Arbitrary<SentEvent> = fc
  .record({
    type: fc.constantFrom(...eventTypes),
    identifiers: fc.constantFrom<Record<string, string>>(
      { user_id: "7", account_id: "acme" },
      { email: "ana@acme.example", anonymous_id: "browser-1", account_id: "acme" },
      { phone: "01 42 68 53 00", user_id: "7", email: "b@acme.example", account_id: "acme" },
    ),
  })
  .map(({ type, identifiers }) => {
    const whose = type === "identify" ? { ...identifiers, email: "ana@acme.example" } : identifiers;
    return buildEvent(type, { identifiers: whose, properties: validProperties(type) });
  });

function validProperties(type: EventType): Record<string, unknown> {
  if (type === "alias") return { previous: { anonymous_id: "browser-0" } };
  if (type.startsWith("invoice.")) return { invoice_id: "i-1", amount: "10", currency: "EUR" };
  const items = [{ sku: "A", quantity: 2, unit_price: "5.00" }];
  return { ...buildEvent(type).properties, ...(type === "order.placed" ? { items } : {}) };
}

const strangeText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: "grapheme" }),
  fc.constantFrom("\0", "\ud800", "\u2028", "__proto__", "constructor", "x".repeat(600), "1e400", "0x10", "١٢٣"),
  fc.constantFrom("1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-02-30T00:00:00Z", "2020-01-01T00:00:00+23:59"),
);
const strangeNumber = fc.oneof(
  fc.double(),
  fc.maxSafeInteger(),
  fc.constantFrom(-1, 0.00001, 1e21, 1e308, Number.MAX_VALUE, 2 ** 53, 1e12, 172_801),
);
const strangeTime = fc.constantFrom("1970-01-01T00:00:00Z", "2999-12-31T23:59:59Z", "0001-01-01T00:00:00Z");
const strangeValue: fc.Arbitrary<unknown> = fc.oneof(
  strangeText,
  strangeTime,
  strangeNumber,
  fc.boolean(),
  fc.constant(null),
  fc.constant(undefined),
  fc.jsonValue({ maxDepth: 3 }),
  // Deep, not wide: a tree of this depth would have more members than memory holds.
  fc.nat(60).map((depth) => Array.from({ length: depth }).reduce<unknown>((inner) => ({ a: inner }), 1)),
);

/** Puts another value in the place of some member of the event, at any depth, or beside them. */
const otherMember = fc
  .record({ event: validEvent, place: fc.nat(), value: strangeValue, name: fc.option(strangeText) })
  .map(({ event, place, value, name }) => {
    const copy = structuredClone(event) as unknown as Record<string, unknown>;
    const places = membersOf(copy);
    const [holder, key] = places[place % places.length]!;
    if (name === null) holder[key] = value;
    else Object.defineProperty(holder, name, { value, enumerable: true, configurable: true });
    return Buffer.from(JSON.stringify(copy) ?? "");
  });

function membersOf(value: Record<string, unknown>): [holder: Record<string, unknown>, key: string][] {
  return Object.entries(value).flatMap(([key, member]) => [
    [value, key],
    ...(typeof member === "object" && member !== null ? membersOf(member as Record<string, unknown>) : []),
  ]);
}

/** Flips, drops and inserts bytes of the event's text. */
const otherBytes = fc
  .record({
    event: validEvent,
    edits: fc.array(fc.tuple(fc.nat(), fc.nat(255), fc.constantFrom("flip", "drop", "insert")), {
      minLength: 1,
      maxLength: 6,
    }),
  })
  .map(({ event, edits }) => {
    const bytes = [...Buffer.from(JSON.stringify(event))];
    for (const [place, byte, edit] of edits) {
      bytes.splice(place % (bytes.length + 1), edit === "insert" ? 0 : 1, ...(edit === "drop" ? [] : [byte]));
    }
    return Buffer.from(bytes);
  });

const mutated: fc.Arbitrary<Buffer> = fc.oneof(
  { weight: 5, arbitrary: otherMember },
  { weight: 3, arbitrary: otherBytes },
  { weight: 1, arbitrary: fc.json().map((text) => Buffer.from(text)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)) },
);

describe("readEvents", () => {
  it("accepts the events that the mutations start from", () => {
    fc.assert(
      fc.property(validEvent, (event) => {
        const { kind } = vocabulary[event.type];
        const batch = batchOf([Buffer.from(JSON.stringify(event))], kind === "identity" ? "web" : kind);
        readEvents(batch);
        expect(batch.rejected.map(({ reason, detail }) => `${reason}: ${detail}`)).toEqual([]);
        expect(batch.accepted).toHaveLength(1);
      }),
    );
  });

  it("takes a sender's own property for just that, where another type has a column of its name", () => {
    const own = { items: 3, direction: {}, amount: "lots", duration_seconds: "long", order_id: [], message_id: null };
    const event = buildEvent("web.custom", { properties: { name: "Quiz done", url: "https://a.example/", ...own } });
    const batch = batchOf([Buffer.from(JSON.stringify(event))], "web");
    readEvents(batch);
    expect(batch.rejected).toEqual([]);
    const block = batch.rows.encode([0], "t", 0, 0).toString("latin1");
    expect(block).toContain(JSON.stringify({ name: "Quiz done", ...own }));
  });

  it("ends every one of 20,000 mutated events accepted or rejected with a reason, and the warehouse takes those accepted", async () => {
    const numRuns = 20_000;
    const storable: Buffer[] = [];
    const reasons = new Map<string, number>();
    let index = 0;
    fc.assert(
      fc.property(mutated, (value) => {
        const kind = eventKinds[index++ % eventKinds.length]!;
        const batch = batchOf([value, null], kind);
        readEvents(batch);
        expect(batch.accepted.length + batch.rejected.length).toBe(2);
        for (const { reason, detail } of batch.rejected) {
          expect(rejectReasons).toContain(reason);
          expect(detail).not.toBe("");
          reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
        }
        if (batch.accepted.length > 0) storable.push(value);
      }),
      { numRuns },
    );
    // The mutations must reach every kind of fault, and leave a good part usable.
    expect([...reasons.keys()].sort()).toEqual(
      expect.arrayContaining(["bad_text", "bad_time", "empty", "invalid", "not_json", "unknown_type", "wrong_topic"]),
    );
    expect(storable.length).toBeGreaterThan(numRuns / 40);

    const workspace = await createTestWorkspace();
    const batches = eventKinds.map((kind) => batchOf(storable, kind));
    const tables = new EventTables(workspace.clickhouse, { debug() {}, info() {}, warn() {}, error() {} });
    let stored = 0;
    for (const batch of batches) {
      readEvents(batch);
      // What is of another topic was rejected here; only refusals of the warehouse count.
      batch.rejected = [];
      stored += batch.accepted.length;
      await tables.store(batch, false);
      expect(batch.rejected.map(({ message }) => message.value?.toString())).toEqual([]);
    }
    const [row] = await workspace.rows<{ n: number }>("SELECT toUInt32(count()) AS n FROM events");
    expect(row!.n).toBe(stored);
    await workspace.close();
  });
});
