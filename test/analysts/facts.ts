import type { DemoMessage } from "../../infra/src/demo/event.ts";

/** An event of the demonstration as the tests count it: nothing of Keypulse's own code has touched it. */
export interface Fact {
  readonly source: string;
  readonly type: string;
  readonly atMs: number;
  /** Days since 1970 on the workspace's clocks. */
  readonly day: number;
  readonly weekday: number;
  readonly hour: number;
  /** Account, else person; undefined where nobody is known. */
  readonly client: string | undefined;
  /** The person's e-mail, where one is known. */
  readonly person: string | undefined;
  readonly properties: Readonly<Record<string, unknown>>;
}

export interface Line {
  readonly order: Order;
  readonly sku: string;
  /** Millionths: quantity x price, negative where money goes back. */
  readonly amount: number;
}

export interface Order {
  readonly id: string;
  readonly placed: boolean;
  readonly client: string | undefined;
  readonly atMs: number;
  readonly day: number;
  readonly weekday: number;
  readonly hour: number;
  /** Thousandths, negative where money goes back. */
  readonly amount: number;
}

export interface Facts {
  readonly all: readonly Fact[];
  readonly orders: readonly Order[];
  readonly lines: readonly Line[];
  /** Names by account. */
  readonly names: ReadonlyMap<string, string>;
  /** Newest country by account. */
  readonly countries: ReadonlyMap<string, string>;
  /** Roles of people by e-mail. */
  readonly roles: ReadonlyMap<string, string>;
  readonly today: number;
}

interface SentMessage {
  source: string;
  type: string;
  occurred_at: string;
  identifiers: Partial<Record<string, string>>;
  properties: Record<string, unknown>;
  traits?: { name: string; country: string; role: string };
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** Counts everything from the messages that were sent, with no part of the pipeline between. */
export function gatherFacts(messages: Iterable<DemoMessage>, zone: string): Facts {
  const clock = localClock(zone);
  const sent = Array.from(messages, ({ value }) => JSON.parse(value) as SentMessage);
  const names = new Map<string, string>();
  const countries = new Map<string, string>();
  const roles = new Map<string, string>();
  const accountOf = new Map<string, string>();
  const emailOf = new Map<string, string>();
  for (const { type, identifiers: ids, traits } of sent) {
    if (type === "group") {
      names.set(ids.account_id!, traits!.name);
      countries.set(ids.account_id!, traits!.country);
    }
    if (type !== "identify") continue;
    if (traits?.role) roles.set(ids.email!, traits.role);
    if (ids.account_id) accountOf.set(ids.email!, ids.account_id);
    for (const other of [ids.phone, ids.user_id, ids.anonymous_id]) if (other) emailOf.set(other, ids.email!);
  }
  const all = sent.map(({ source, type, occurred_at, identifiers: ids, properties }): Fact => {
    const someone = ids.email ?? ids.user_id ?? ids.anonymous_id ?? ids.phone;
    const person = ids.email ?? (someone === undefined ? undefined : emailOf.get(someone));
    const atMs = Date.parse(occurred_at);
    const client = ids.account_id ?? accountOf.get(person ?? "") ?? person ?? someone;
    return { source, type, atMs, ...clock(atMs), client, person, properties };
  });
  const lines: Line[] = [];
  const orders = all
    .filter(({ type }) => ["order.placed", "order.cancelled", "order.refunded"].includes(type))
    .map(({ type, client, atMs, day, weekday, hour, properties }): Order => {
      const sign = type === "order.placed" ? 1 : -1;
      const { order_id: id, amount, items } = properties as { order_id: string; amount: string; items: Item[] };
      const order = { id, placed: sign > 0, client, atMs, day, weekday, hour, amount: sign * thousandths(amount) };
      for (const { sku, quantity, unit_price } of items) {
        lines.push({ order, sku, amount: sign * Number(quantity) * thousandths(unit_price) });
      }
      return order;
    });
  return { all, orders, lines, names, countries, roles, today: clock(Date.now()).day };
}

interface Item {
  sku: string;
  quantity: string;
  unit_price: string;
}

const thousandths = (text: string): number => Math.round(Number(text) * 1000);

/** What clocks of a zone show; offsets change on the hour at the earliest. */
function localClock(zone: string) {
  const format = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "medium" });
  const offsets = new Map<number, number>();
  return (atMs: number): { day: number; weekday: number; hour: number } => {
    const slot = Math.floor(atMs / hourMs);
    let offset = offsets.get(slot);
    if (offset === undefined) {
      offset = Date.parse(`${format.format(slot * hourMs).replace(" ", "T")}Z`) - slot * hourMs;
      offsets.set(slot, offset);
    }
    const wallMs = atMs + offset;
    const date = new Date(wallMs);
    return { day: Math.floor(wallMs / dayMs), weekday: date.getUTCDay() || 7, hour: date.getUTCHours() };
  };
}
