import type { SentEvent, StreamEvent } from "@keypulse/testkit";

/** What became of an order in its shop, in cents and pieces: what the warehouse must come to. */
export interface OrderTruth {
  orderId: string;
  account: string;
  currency: string;
  movements: { at: number; orders: number; gross: number; returned: number }[];
  lines: { type: string; sku: string; pieces: number; cents: number }[];
}

interface ShopLine {
  sku: string;
  pieces: number;
  price: number;
}
interface ShopRefund {
  id: string;
  at: number;
  cents: number;
  lines: ShopLine[];
  state: "succeeded" | "failed";
}

export interface ShopsSettings {
  orders: number;
  clients: number;
  startMs: number;
  /** Time of all orders' beginnings. */
  spanMs: number;
  random: () => number;
}

const hourMs = 3_600_000;

/**
 * Shops whose orders are edited, paid late, refunded in parts, cancelled, disputed or fail. Half of them tell each step,
 * half the whole order whenever it changes; of those snapshots all but the last may be lost. Some are told again by an
 * export that knows the sum of refunds alone, messages come twice, and in no order.
 */
export function simulateShops(settings: ShopsSettings): { messages: StreamEvent[]; truths: OrderTruth[] } {
  const messages: StreamEvent[] = [];
  const truths: OrderTruth[] = [];
  for (let number = 0; number < settings.orders; number++) {
    const order = new ShopOrder(number, settings);
    order.live();
    messages.push(...order.messages);
    truths.push(order.truth());
  }
  return { messages: shuffled(messages, settings.random), truths };
}

class ShopOrder {
  readonly messages: StreamEvent[] = [];
  readonly #id: string;
  readonly #account: string;
  readonly #random: () => number;
  readonly #tellsSteps: boolean;
  readonly #placedAt: number;
  readonly #client: number;
  #now: number;
  #state: "pending" | "placed" | "paid" | "fulfilled" | "cancelled" | "failed";
  #lines: ShopLine[];
  #shipping: number;
  #refunds: ShopRefund[] = [];
  #endedAt: number | undefined;
  #lostDispute: { at: number; cents: number } | undefined;
  #wasTold = false;
  #versions = 0;

  constructor(number: number, { clients, startMs, spanMs, random }: ShopsSettings) {
    this.#random = random;
    this.#id = `shop-${number}`;
    this.#client = Math.floor(random() * clients);
    this.#account = `c-${this.#client}`;
    this.#tellsSteps = random() < 0.5;
    this.#placedAt = startMs + Math.floor(random() * spanMs);
    this.#now = this.#placedAt;
    this.#state = this.#tellsSteps || random() < 0.7 ? "placed" : "pending";
    this.#lines = Array.from({ length: 1 + this.#some(3) }, (_, i) => ({
      sku: `SHOP-${i}-${this.#some(50)}`,
      pieces: 1 + this.#some(4),
      price: 100 + this.#some(5_000),
    }));
    this.#shipping = this.#some(2) * 490;
  }

  live(): void {
    this.#tell("order.placed");
    for (let steps = this.#some(5); steps > 0 && this.#endedAt === undefined; steps--) this.#step();
    if (this.#state === "pending") {
      this.#later();
      this.#state = this.#random() < 0.5 ? "failed" : "paid";
      this.#tell("order.paid");
    }
    if (this.#tellsSteps) return;
    this.#tell("order.updated", {}, true);
    if (this.#random() < 0.3) this.#export();
  }

  truth(): OrderTruth {
    const truth: OrderTruth = { orderId: this.#id, account: this.#account, currency: "EUR", movements: [], lines: [] };
    if (this.#state === "failed") return truth;
    const line = (type: string, sign: number, { sku, pieces, price }: ShopLine) =>
      truth.lines.push({ type, sku, pieces: sign * pieces, cents: sign * pieces * price });
    const back = (at: number, returned: number) => truth.movements.push({ at, orders: 0, gross: 0, returned });
    truth.movements.push({ at: this.#placedAt, orders: 1, gross: this.#total(), returned: 0 });
    for (const sold of this.#lines) line("order.placed", 1, sold);
    for (const { at, cents, lines } of this.#succeeded()) {
      back(at, cents);
      for (const returned of lines) line("order.refunded", -1, returned);
    }
    if (this.#lostDispute) back(this.#lostDispute.at, this.#lostDispute.cents);
    if (this.#endedAt !== undefined) {
      if (this.#left() > 0) back(this.#endedAt, this.#left());
      for (const { sku, pieces, price } of this.#lines) {
        const returned = this.#succeeded()
          .flatMap(({ lines }) => lines)
          .reduce((sum, other) => sum + (other.sku === sku ? other.pieces : 0), 0);
        if (pieces > returned) line("order.cancelled", -1, { sku, pieces: pieces - returned, price });
      }
    }
    return truth;
  }

  #step(): void {
    this.#later();
    const chance = this.#random();
    if (this.#state === "pending") return;
    if (chance < 0.2 && this.#refunds.length === 0 && this.#lostDispute === undefined) {
      const line = this.#lines[this.#some(this.#lines.length)]!;
      line.pieces = 1 + this.#some(6);
      this.#tell("order.updated", { ...this.#money(), items: this.#items(this.#lines) });
    } else if (chance < 0.4) {
      if (this.#state === "placed") this.#state = "paid";
      this.#tell("order.paid");
    } else if (chance < 0.5) {
      this.#state = "fulfilled";
      this.#tell("order.shipped");
    } else if (chance < 0.75) this.#refund();
    else if (chance < 0.85) {
      this.#state = "cancelled";
      this.#endedAt = this.#now;
      this.#tell("order.cancelled");
    } else if (chance < 0.92 && this.#lostDispute === undefined && this.#left() > 0) {
      this.#lostDispute = { at: this.#now, cents: this.#left() };
      const dispute = { dispute_id: `d-${this.#id}`, amount: euros(this.#lostDispute.cents), state: "lost" };
      this.#send("payment.disputed", dispute, `dispute`);
    } else {
      const failed = this.#refunds.find(({ state }) => state === "succeeded");
      if (failed === undefined) return;
      failed.state = "failed";
      this.#tell("refund.failed", { refund_id: failed.id });
    }
  }

  #refund(): void {
    const line = this.#lines[this.#some(this.#lines.length)]!;
    const before = this.#refunds.flatMap(({ lines }) => lines).some(({ sku }) => sku === line.sku);
    const twins = this.#lines.filter(({ sku }) => sku === line.sku).length > 1;
    const withLine = this.#random() < 0.5 && !before && !twins && line.price <= this.#left();
    const cents = withLine ? line.price : Math.min(this.#left(), 1 + this.#some(2_000));
    if (cents <= 0) return;
    const lines = withLine ? [{ ...line, pieces: 1 }] : [];
    const id = `r-${this.#id}-${this.#refunds.length}`;
    this.#refunds.push({ id, at: this.#now, cents, lines, state: "succeeded" });
    this.#tell("order.refunded", {
      refund_id: id,
      amount: euros(cents),
      ...(withLine && { items: this.#items(lines) }),
    });
  }

  /** As the step that happened, or as all that the shop knows now. @param isLast whether it must arrive */
  #tell(type: SentEvent["type"], properties: Record<string, unknown> = {}, isLast = false): void {
    if (this.#tellsSteps) {
      const first = type === "order.placed";
      const named = first || this.#random() < 0.4;
      const said = first ? { ...this.#money(), items: this.#items(this.#lines) } : properties;
      this.#send(type, said, String(this.#versions++), named);
      return;
    }
    const counts = this.#state !== "pending" && this.#state !== "failed";
    if (counts && !this.#wasTold) {
      this.#wasTold = true;
      const said = { ...this.#money(), items: this.#items(this.#lines) };
      this.#send("order.placed", said, "placed", true, this.#placedAt);
    }
    if (!isLast && this.#random() < 0.3) return;
    this.#send("order.updated", { ...this.#snapshot(), version: this.#versions }, `v${this.#versions++}`);
  }

  #snapshot() {
    const instant = (at: number) => new Date(at).toISOString();
    return {
      ...this.#money(),
      state: this.#state,
      placed_at: instant(this.#placedAt),
      ...(this.#endedAt !== undefined && { cancelled_at: instant(this.#endedAt) }),
      items: this.#items(this.#lines),
      refunds: this.#refunds.map(({ id, at, cents, lines, state }) => ({
        refund_id: id,
        amount: euros(cents),
        at: instant(at),
        state,
        items: this.#items(lines),
      })),
    };
  }

  /** Knows neither ids nor times of refunds, and no version. */
  #export(): void {
    const { refunds: _, ...row } = this.#snapshot();
    const refunded = euros(this.#succeeded().reduce((sum, { cents }) => sum + cents, 0));
    this.#send("order.updated", { ...row, refunded }, "export", true, this.#endedAt ?? this.#placedAt);
  }

  #send(type: SentEvent["type"], properties: Record<string, unknown>, name: string, named = true, at = this.#now) {
    const event: SentEvent = {
      id: `${this.#id}-${name}`,
      source: this.#tellsSteps ? "shop-of-steps" : "shop-of-snapshots",
      type,
      occurred_at: new Date(at).toISOString(),
      identifiers: named ? { account_id: this.#account, email: `person0@client${this.#client}.example` } : {},
      properties: { order_id: this.#id, ...properties },
    };
    // Keyed by whatever its sender had at hand: messages of one order lie in several partitions.
    const message: StreamEvent = { kind: "order", key: `${name}-${this.#id}`, event, duplicate: false };
    this.messages.push(message);
    if (this.#random() < 0.1) this.messages.push({ ...message, key: `${name}-again`, duplicate: true });
  }

  #money = () => ({ amount: euros(this.#total()), currency: "EUR" });
  #items = (lines: readonly ShopLine[]) =>
    lines.map(({ sku, pieces, price }) => ({ sku, quantity: String(pieces), unit_price: euros(price) }));
  #total = () => this.#shipping + this.#lines.reduce((sum, { pieces, price }) => sum + pieces * price, 0);
  #succeeded = () => this.#refunds.filter(({ state }) => state === "succeeded");
  #left = () =>
    this.#total() -
    this.#succeeded().reduce((sum, { cents }) => sum + cents, 0) -
    (this.#lostDispute === undefined ? 0 : this.#lostDispute.cents);
  #some = (below: number) => Math.floor(this.#random() * below);
  #later = () => {
    this.#now += hourMs + this.#some(40 * hourMs);
  };
}

const euros = (cents: number): string => (cents / 100).toFixed(2);

function shuffled<T>(list: T[], random: () => number): T[] {
  for (let i = list.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [list[i], list[j]] = [list[j]!, list[i]!];
  }
  return list;
}
