import { type EventType, parseEvent } from "@keypulse/contracts";
import {
  decimalOf,
  foldOrder,
  judgeSale,
  nobody,
  type OrderMessage,
  readDetails,
  unitsOf,
  usualRules,
} from "@keypulse/orders";
import { seededRandom } from "@keypulse/testkit";
import { expect, it } from "vitest";
import { simulateShops } from "./shops.ts";

/** As ingest stores it. */
function messageOf(event: {
  id: string;
  source: string;
  type: string;
  occurred_at: string;
  identifiers: object;
  properties: object;
}): OrderMessage {
  const parsed = parseEvent(event);
  if ("problem" in parsed) throw new Error(parsed.problem.detail);
  const { amount, currency, items, order_id, ...more } = parsed.event.properties as Record<string, string>;
  const key = Object.keys(event.identifiers).length === 0 ? nobody : "00000000-0000-8000-8000-00000000000a";
  return {
    source: event.source,
    orderId: order_id!,
    eventId: event.id,
    type: event.type as EventType,
    occurredAtMs: Date.parse(event.occurred_at),
    clientKey: key,
    contactKey: key,
    amount: unitsOf(amount ?? "0"),
    currency: currency ?? "",
    items: readDetails(JSON.stringify({ items: items ?? [] })).items!,
    more: readDetails(JSON.stringify({ ...more, ...(Number(amount) === 0 && { amount }) })),
  };
}

const seed = Math.floor(Math.random() * 1e6);
it(`documents come to what became of 3,000 orders, to the cent and the piece (seed ${seed})`, () => {
  const random = seededRandom(seed);
  const { messages, truths } = simulateShops({
    orders: 3_000,
    clients: 50,
    startMs: Date.UTC(2026, 0, 1),
    spanMs: 60 * 86_400_000,
    random,
  });
  const byOrder = Map.groupBy(messages, ({ event }) => (event.properties as { order_id: string }).order_id);
  expect(truths.filter(({ movements }) => movements.length > 2).length).toBeGreaterThan(200);
  for (const truth of truths) {
    const told = byOrder.get(truth.orderId)!.map(({ event }) => messageOf(event));
    const sale = judgeSale(foldOrder(told), usualRules);
    const movements = sale.movements.map(({ atMs, orders, gross, returned }) => ({
      ...{ at: atMs, orders },
      gross: Math.round(Number(decimalOf(gross)) * 100),
      returned: Math.round(Number(decimalOf(returned)) * 100),
    }));
    const summed = (list: { at: number; orders: number; gross: number; returned: number }[]) =>
      [...Map.groupBy(list, ({ at }) => at)]
        .map(([at, same]) => [
          at,
          ...(["orders", "gross", "returned"] as const).map((name) => same.reduce((sum, one) => sum + one[name], 0)),
        ])
        .sort(([one], [other]) => one! - other!);
    const pieces = (list: { sku: string; count: number }[]) =>
      [...Map.groupBy(list, ({ sku }) => sku)]
        .map(([sku, same]) => [sku, same.reduce((sum, { count }) => sum + count, 0)])
        .sort();
    const story = JSON.stringify(
      told.map(({ type, occurredAtMs, amount, more }) => [type, occurredAtMs, String(amount), more]),
      (_, value) => (typeof value === "bigint" ? String(value) : value),
    );
    expect(summed(movements), story).toEqual(summed(truth.movements));
    expect(pieces(sale.lines.map(({ sku, quantity }) => ({ sku, count: Number(decimalOf(quantity)) }))), story).toEqual(
      pieces(truth.lines.map(({ sku, pieces: count }) => ({ sku, count }))),
    );
  }
});
