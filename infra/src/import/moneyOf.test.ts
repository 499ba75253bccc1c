import type { MappedEvent } from "@keypulse/connectors";
import type { EventType } from "@keypulse/contracts";
import { expect, it } from "vitest";
import { moneyOf } from "./moneyOf.ts";

const event = (type: EventType, properties: object): MappedEvent => ({
  id: type,
  type,
  occurred_at: "2026-11-20T09:00:00Z",
  identifiers: {},
  properties: { order_id: "7", ...properties },
});
const placed = event("order.placed", { amount: "50.00", currency: "EUR" });
const state = (name: string, more: object = {}) =>
  event("order.updated", { amount: "50.00", currency: "EUR", state: name, ...more });

it.each<[string, MappedEvent[], [placed: string, takenBack: string] | undefined]>([
  ["placed alone", [placed], ["50.00", "0.00"]],
  ["paid, and refunded in part", [placed, state("paid", { refunded: "20.00" })], ["50.00", "20.00"]],
  ["cancelled after it was placed", [placed, state("cancelled")], ["50.00", "50.00"]],
  ["cancelled, and never placed", [state("cancelled")], ["0.00", "0.00"]],
  ["pending", [state("pending")], ["0.00", "0.00"]],
  ["a credit note", [event("order.refunded", { amount: "8.00", currency: "EUR" })], ["0.00", "8.00"]],
  ["shipped alone", [event("order.shipped", {})], undefined],
])("an order that is %s comes to that", (_name, events, expected) => {
  expect(moneyOf(events)).toEqual(expected && { currency: "EUR", placed: expected[0], takenBack: expected[1] });
});
