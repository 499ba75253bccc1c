import { type ContractEvent, eventTypes, revenueSign, vocabulary } from "@keypulse/contracts";
import type { EventIdentity } from "@keypulse/identity";
import { ConstantColumn, encodeBlock, ListColumn, type NativeColumn, NumberColumn, TextColumn } from "./nativeBlock.ts";

/** Properties with a column of their own, each of which is left out of the `properties` column. */
interface Typed {
  order_id?: string;
  invoice_id?: string;
  amount?: string;
  currency?: string;
  items?: { sku: string; name?: string; category?: string; quantity: string; unit_price: string }[];
  duration_seconds?: number;
  direction?: string;
  url?: string;
  link?: string;
  message_id?: string;
}
const typedNames = [
  "order_id",
  "invoice_id",
  "amount",
  "currency",
  "items",
  "duration_seconds",
  "direction",
  "url",
  "link",
  "message_id",
] as const satisfies (keyof Typed)[];

/**
 * Which of them a type declares, and so its schema has checked: another type's property of the same name is the
 * sender's own and may be anything.
 */
const declaredBy = new Map(
  eventTypes.map((type) => {
    const shape = vocabulary[type].properties.shape;
    return [type, new Set<string>(typedNames.filter((name) => name in shape))];
  }),
);

export interface RowSource {
  event: ContractEvent;
  identity: EventIdentity;
  occurredAtMs: number;
  offset: number;
  receivedAtMs: number;
}

/** Rows of `events`, each a pure function of its message, its place and its batch's day. */
export class EventRows {
  #length = 0;
  readonly #columns = {
    client_key: new TextColumn(),
    contact_key: new TextColumn(),
    occurred_at: new NumberColumn("DateTime64(3, 'UTC')"),
    event_id: new TextColumn(),
    source: new TextColumn(),
    kind: new TextColumn(),
    type: new TextColumn(),
    activity: new NumberColumn("Bool"),
    revenue_sign: new NumberColumn("Int8"),
    order_id: new TextColumn(),
    amount: new TextColumn(),
    currency: new TextColumn(),
    items: new ListColumn(
      "Array(Tuple(sku String, name String, category String, quantity String, unit_price String))",
      5,
    ),
    duration_seconds: new NumberColumn("UInt32"),
    direction: new TextColumn(),
    url: new TextColumn(),
    message_id: new TextColumn(),
    identifiers: new ListColumn("Map(String, String)", 2),
    properties: new TextColumn(),
    traits: new TextColumn(),
    offset: new NumberColumn("UInt64"),
    received_at: new NumberColumn("DateTime64(3, 'UTC')"),
  } satisfies Record<string, NativeColumn>;

  /** @returns the row's number */
  add({ event, identity, occurredAtMs, offset, receivedAtMs }: RowSource): number {
    const columns = this.#columns;
    const declared = declaredBy.get(event.type)!;
    const typed = typedOf(event.properties, declared);
    const { kind, activity } = vocabulary[event.type];
    columns.client_key.push(identity.clientKey);
    columns.contact_key.push(identity.contactKey);
    columns.occurred_at.push(occurredAtMs);
    columns.event_id.push(event.id);
    columns.source.push(event.source);
    columns.kind.push(kind);
    columns.type.push(event.type);
    columns.activity.push(activity && event.properties.machine !== true ? 1 : 0);
    columns.revenue_sign.push(revenueSign[event.type] ?? 0);
    columns.order_id.push(orderIdOf(typed));
    columns.amount.push(typed.amount ?? "0");
    columns.currency.push(typed.currency ?? "");
    this.#addItems(typed.items ?? []);
    columns.duration_seconds.push(typed.duration_seconds ?? 0);
    columns.direction.push(typed.direction ?? "");
    columns.url.push(typed.link ?? typed.url ?? "");
    columns.message_id.push(typed.message_id ?? "");
    this.#addIdentifiers(identity.values);
    columns.properties.push(otherProperties(event.properties, declared));
    columns.traits.push(event.traits === undefined ? "" : JSON.stringify(event.traits));
    columns.offset.push(offset);
    columns.received_at.push(receivedAtMs);
    return this.#length++;
  }

  #addItems(items: NonNullable<Typed["items"]>): void {
    const [sku, name, category, quantity, price] = this.#columns.items.members as TextColumn[];
    for (const item of items) {
      sku!.push(item.sku);
      name!.push(item.name ?? "");
      category!.push(item.category ?? "");
      quantity!.push(item.quantity);
      price!.push(item.unit_price);
    }
    this.#columns.items.end(items.length);
  }

  #addIdentifiers(values: EventIdentity["values"]): void {
    const [kinds, texts] = this.#columns.identifiers.members as TextColumn[];
    let length = 0;
    for (const kind in values) {
      kinds!.push(kind);
      texts!.push(values[kind]!);
      length += 1;
    }
    this.#columns.identifiers.end(length);
  }

  /** Names of the columns as `encode` writes them. */
  get columns(): string[] {
    return [...Object.keys(this.#columns), "topic", "partition", "batch_date"];
  }

  /**
   * Some of the rows as a block of the Native format.
   * @param batchDate day of the batch as days since 1970
   */
  encode(rows: readonly number[], topic: string, partition: number, batchDate: number): Buffer {
    const shared = {
      topic: new ConstantColumn({ type: "String", text: topic }),
      partition: new ConstantColumn({ type: "UInt32", number: partition }),
      batch_date: new ConstantColumn({ type: "Date", number: batchDate }),
    };
    return encodeBlock({ ...this.#columns, ...shared }, rows);
  }
}

/** The order that is meant, else the invoice. */
const orderIdOf = ({ order_id, invoice_id }: Typed): string => order_id || invoice_id || "";

/** The order or invoice without one that an event is about, as its row has it; empty where it is about none. */
export const orderOf = ({ type, properties }: ContractEvent): string =>
  vocabulary[type].kind === "order" ? orderIdOf(properties as Typed) : "";

function typedOf(properties: Record<string, unknown>, declared: ReadonlySet<string>): Typed {
  for (const name of typedNames) {
    if (name in properties && !declared.has(name)) {
      return Object.fromEntries(Object.entries(properties).filter(([given]) => declared.has(given)));
    }
  }
  return properties as Typed;
}

function otherProperties(properties: Record<string, unknown>, declared: ReadonlySet<string>): string {
  let other: Record<string, unknown> | undefined;
  for (const name in properties) {
    if (declared.has(name) && !isKeptBeside(name, properties)) continue;
    other ??= {};
    other[name] = properties[name];
  }
  return other === undefined ? "" : JSON.stringify(other);
}

/**
 * Of an invoice of an order the column has the order's number, so its own is kept beside it. A column has 0 and an empty
 * list for what is not said, so that both are kept where they were said.
 */
function isKeptBeside(name: string, { order_id, amount, items }: Record<string, unknown>): boolean {
  if (name === "invoice_id") return Boolean(order_id);
  if (name === "amount") return Number(amount) === 0;
  return name === "items" && (items as unknown[]).length === 0;
}
