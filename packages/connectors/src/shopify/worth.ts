import {
  addDecimals,
  asDecimal,
  isNegative,
  isZero,
  multiplyDecimals,
  perPiece,
  subtractDecimals,
  toContractPlaces,
} from "../amounts.ts";
import { present } from "../elements.ts";
import { asObject, asText } from "../json.ts";
import { type Fields, neededAmount, neededText, objectsOf } from "../members.ts";
import { isOfMoney, type ShopifyRefund, takesMoney } from "./refunds.ts";

/** What an order is worth now, before refunds of money, and what it is made of. */
export interface Worth {
  amount: string;
  tax: string | undefined;
  shipping: string | undefined;
  discount: string | undefined;
  items: Fields[];
  /** Gift cards that are sold. */
  liabilities: Fields[] | undefined;
}

/** A cancellation's own record of what came back bears its time, give or take. */
const sameActMs = 60_000;

/**
 * `total_price` is what was ordered. `current_total_price` is what is left of it: without pieces that were edited away,
 * and without what was refunded, which refunds take away here and must not be missing twice. So what went back as money
 * is put back on. @param refunds undefined where the order doesn't list them
 */
export function worthOf(order: Fields, refunds: readonly ShopifyRefund[] | undefined): Worth {
  const total = neededAmount(order, "total_price");
  const left = order.current_total_price === undefined ? total : neededAmount(order, "current_total_price");
  const cancelledAt = asText(order.cancelled_at);
  /** Records of pieces that still belong to the order's worth: paid back, or taken back by its cancellation. */
  const taken = refunds?.filter((refund) => takesMoney(refund) || isOfCancellation(refund, cancelledAt)) ?? [];
  const undone = withFailed(total, left, taken, refunds ?? []);
  const financial = asText(order.financial_status);
  const isTakenBack = cancelledAt !== undefined || financial === "refunded" || financial === "partially_refunded";
  const asOrdered = refunds === undefined && isTakenBack;
  const amount = toContractPlaces(asOrdered ? total : restored(total, left, undone));
  const lines = linesOf(order, asOrdered ? undefined : undone);
  // Parts of what was ordered and of what is left are named apart.
  const part = (before: string, now: string) =>
    amount === total ? asAmount(order[before]) : (asAmount(order[now]) ?? asAmount(order[before]));
  const cards = lines.filter(({ isGiftCard }) => isGiftCard).map(({ item }) => item);
  return {
    amount,
    tax: part("total_tax", "current_total_tax"),
    shipping: shippingOf(order),
    discount: part("total_discounts", "current_total_discounts"),
    items: lines.filter(({ isGiftCard }) => !isGiftCard).map(({ item }) => item),
    liabilities: cards.length > 0 ? cards : undefined,
  };
}

function isOfCancellation(refund: ShopifyRefund, cancelledAt: string | undefined): boolean {
  if (cancelledAt === undefined || isOfMoney(refund)) return false;
  return Date.parse(refund.at) >= Date.parse(cancelledAt) - sameActMs;
}

/**
 * Whether what is left has refunds for goodwill, fees that were kept and shipping taken off depends on how they were
 * made. So it is tried both ways; where either gives the total as it was ordered, nothing was edited.
 */
function restored(total: string, left: string, undone: readonly ShopifyRefund[]): string {
  if (undone.length === 0) return left;
  const byMoney = addDecimals(left, ...undone.map((refund) => (isOfMoney(refund) ? refund.money : refund.worth)));
  const byPieces = addDecimals(left, ...undone.map(({ worth }) => worth));
  const isTotal = (amount: string) => isZero(subtractDecimals(amount, total));
  return isTotal(byMoney) || isTotal(byPieces) ? total : byMoney;
}

/**
 * Pieces of a refund that failed are gone from what is left, and their money stayed. Where the order is whole with them,
 * and not yet by what another refund paid instead, they belong to it; where it was edited as well, nobody can tell.
 */
function withFailed(
  total: string,
  left: string,
  taken: readonly ShopifyRefund[],
  refunds: readonly ShopifyRefund[],
): readonly ShopifyRefund[] {
  const all = [...taken, ...refunds.filter((refund) => isOfMoney(refund) && !taken.includes(refund))];
  const isWhole = (parts: readonly string[]) => isZero(subtractDecimals(addDecimals(left, ...parts), total));
  if (all.length === taken.length || isWhole(taken.map(({ money }) => money))) return taken;
  return isWhole(all.map(({ worth }) => worth)) ? all : taken;
}

interface Line {
  item: Fields;
  isGiftCard: boolean;
}

/** @param undone refunds whose pieces are still part of the order; undefined where all that was ordered is */
function linesOf(order: Fields, undone: readonly ShopifyRefund[] | undefined): Line[] {
  return objectsOf(order.line_items).flatMap((line) => {
    const ordered = neededAmount(line, "quantity");
    const now = undone === undefined ? undefined : asDecimal(line.current_quantity);
    const back = undone?.flatMap(({ pieces }) => pieces.get(asText(line.id) ?? "") ?? []) ?? [];
    const left = now === undefined ? ordered : addDecimals(now, ...back);
    const quantity = isNegative(subtractDecimals(ordered, left)) ? ordered : left;
    if (isZero(quantity) && !isZero(ordered)) return [];
    const item = present({
      sku: asText(line.sku) ?? asText(line.variant_id) ?? asText(line.product_id) ?? neededText(line, "title"),
      name: asText(line.title),
      quantity,
      unit_price: priceOf(line, ordered),
      vendor: asText(line.vendor),
    });
    return [{ item, isGiftCard: line.gift_card === true }];
  });
}

/** What a piece cost after discounts: those of the line, and its share of those of the order. */
function priceOf(line: Fields, quantity: string): string {
  const price = neededAmount(line, "price");
  const shares = objectsOf(line.discount_allocations).flatMap(({ amount }) => asDecimal(amount) ?? []);
  const discount = shares.length > 0 ? addDecimals(...shares) : (asDecimal(line.total_discount) ?? "0");
  if (isZero(discount)) return price;
  const paid = subtractDecimals(multiplyDecimals(price, quantity), discount);
  return (isNegative(paid) ? undefined : perPiece(paid, quantity)) ?? price;
}

/** Where prices have tax in them, shipping has too; it is part of the order's tax already. */
function shippingOf(order: Fields): string | undefined {
  const shipping = asAmount(asObject(asObject(order.total_shipping_price_set).shop_money).amount);
  if (shipping === undefined || order.taxes_included !== true) return shipping;
  const taxes = objectsOf(order.shipping_lines)
    .flatMap(({ tax_lines }) => objectsOf(tax_lines))
    .flatMap(({ price }) => asDecimal(price) ?? []);
  const net = subtractDecimals(shipping, ...taxes);
  return isNegative(net) ? shipping : toContractPlaces(net);
}

function asAmount(value: unknown): string | undefined {
  const amount = asDecimal(value);
  return amount === undefined || isNegative(amount) ? undefined : toContractPlaces(amount);
}
