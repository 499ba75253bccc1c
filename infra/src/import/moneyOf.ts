import type { MappedEvent } from "@keypulse/connectors";
import { addDecimals } from "@keypulse/connectors/files";
import { decimalSchema } from "@keypulse/contracts";

/** What an order comes to in one currency, and what of it went back; decimals. */
export interface OrderMoney {
  currency: string;
  placed: string;
  takenBack: string;
}

const counting: ReadonlySet<unknown> = new Set(["placed", "paid", "fulfilled"]);
const takingBack: ReadonlySet<unknown> = new Set(["cancelled", "refunded"]);

/**
 * What the events of one order come to, for a report: by the order's last statement, as it stands in the file. Undefined
 * where they are of no money that counts. The figures of a store are those of its fold of all that it knows.
 */
export function moneyOf(events: readonly MappedEvent[]): OrderMoney | undefined {
  const statements = events.filter(({ type }) => type === "order.placed" || type === "order.updated");
  const said: Record<string, unknown> = Object.assign({}, ...statements.map(({ properties }) => properties));
  const wasPlaced = events.some(({ type }) => type === "order.placed");
  const steps = events.filter(({ type }) => type === "order.cancelled" || type === "order.refunded");
  const currency = [said, ...steps.map(({ properties }) => properties)].find((one) => one.currency)?.currency;
  if (typeof currency !== "string") return undefined;
  const amount = decimal(said.amount);
  const isSale =
    said.state === undefined ? wasPlaced : counting.has(said.state) || (wasPlaced && takingBack.has(said.state));
  const placed = isSale ? amount : "0.00";
  const returned = !isSale ? "0.00" : takingBack.has(said.state) ? amount : decimal(said.refunded);
  const takenBack = addDecimals("0.00", returned, ...steps.map(({ properties }) => decimal(properties.amount)));
  return { currency, placed, takenBack };
}

const decimal = (value: unknown): string => decimalSchema.safeParse(value).data ?? "0.00";
