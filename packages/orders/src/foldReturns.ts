import { isInLaterTotal, isWhole } from "./cancellations.ts";
import type { Return } from "./document.ts";
import { isRefundState, type Line, type OrderMessage } from "./message.ts";
import { least, type Units } from "./money.ts";

interface Refund {
  amount: Units;
  currency: string;
  /** The earliest time that is said of it: a state that changes later moves no money to another day. */
  atMs: number;
  state: "pending" | "succeeded" | "failed" | "cancelled";
  lines: readonly Line[];
}

/**
 * What went back of an order before it was cancelled as a whole: refunds and partial cancellations, each by its own id,
 * and disputes that were lost. The sum of refunds that a snapshot says counts for what it exceeds those that are known.
 *
 * @param sorted messages of one order by time
 * @param total of the order, undefined where it is not known: then a cancellation takes back what it says
 */
export function foldReturns(
  sorted: readonly OrderMessage[],
  total: Units | undefined,
): { made: Return[]; pending: Units } {
  const refunds = new Map<string, Refund>();
  const cancelled = new Map<string, Refund>();
  const disputes = new Map<string, { amount: Units; currency: string; atMs: number; state: string }>();
  const sums: { amount: Units; atMs: number }[] = [];

  const tell = (id: string, said: Omit<Refund, "state"> & { state: Refund["state"] | undefined }) => {
    const known = refunds.get(id);
    refunds.set(id, {
      ...said,
      currency: said.currency || (known?.currency ?? ""),
      lines: said.lines.length > 0 ? said.lines : (known?.lines ?? []),
      atMs: Math.min(said.atMs, known?.atMs ?? said.atMs),
      state: said.state ?? known?.state ?? "succeeded",
    });
  };

  /** Refunds that lists alone told of, by the time of the last one that did, and those that have messages of their own. */
  const listedAt = new Map<string, number>();
  const toldAlone = new Set<string>();
  /** A list names all refunds so far: one that an earlier list had and a later one lacks was deleted. */
  const forgetAllBut = (listed: readonly { refund_id: string }[], atMs: number) => {
    for (const [id, lastAtMs] of listedAt) {
      if (lastAtMs >= atMs || listed.some(({ refund_id }) => refund_id === id)) continue;
      listedAt.delete(id);
      refunds.delete(id);
    }
  };

  const failed = new Set<string>();
  for (const message of sorted) {
    const { type, more, occurredAtMs: atMs, amount, currency } = message;
    if (type === "order.refunded") {
      const state = isRefundState(more.state) ? more.state : "succeeded";
      const id = more.refund_id ?? message.eventId;
      listedAt.delete(id);
      toldAlone.add(id);
      tell(id, { amount, currency, atMs, state, lines: message.items });
    } else if (type === "refund.failed" && more.refund_id !== undefined) {
      failed.add(more.refund_id);
    } else if (
      type === "order.cancelled" &&
      amount !== 0n &&
      (total === undefined || !isWhole(message, sorted, total))
    ) {
      if (isInLaterTotal(message, sorted)) continue;
      const id = more.refund_id ?? message.eventId;
      cancelled.set(id, { amount, currency, atMs, state: "succeeded", lines: message.items });
    } else if (type === "payment.disputed" && more.dispute_id !== undefined) {
      const known = disputes.get(more.dispute_id);
      // Decided is decided: a later message that calls it open is an echo.
      if (known !== undefined && known.state !== "open" && more.state === "open") continue;
      const state = more.state ?? "open";
      const since = known?.state === state ? known.atMs : atMs;
      disputes.set(more.dispute_id, { amount, currency, atMs: since, state });
    } else if (type === "order.updated" || type === "order.placed") {
      if (more.refunds !== undefined) forgetAllBut(more.refunds, atMs);
      for (const { refund_id: id, state, ...listed } of more.refunds ?? []) {
        if (!toldAlone.has(id)) listedAt.set(id, atMs);
        tell(id, { amount: listed.amount, currency, atMs: listed.atMs, state, lines: listed.items });
      }
      if (more.refunded !== undefined) sums.push({ amount: more.refunded, atMs });
    }
  }
  for (const id of failed) {
    const refund = refunds.get(id);
    if (refund !== undefined) refund.state = "failed";
  }

  const made: Return[] = [];
  const add = (
    kind: Return["kind"],
    id: string,
    { amount, currency, atMs }: Omit<Refund, "state" | "lines">,
    lines: readonly Line[],
  ) => made.push({ id, kind, atMs, amount, currency, lines });
  let known = 0n;
  let pending = 0n;
  for (const [id, refund] of refunds) {
    known += refund.amount;
    if (refund.state === "succeeded") add("refunded", id, refund, refund.lines);
    if (refund.state === "pending") pending += refund.amount;
  }
  for (const [index, { amount, atMs }] of beyond(sums, known).entries()) {
    add("refunded", `sum ${index + 1}`, { amount, currency: "", atMs }, []);
  }
  // One that is a refund as well went back once.
  for (const [id, part] of cancelled) if (!refunds.has(id)) add("cancelled", id, part, part.lines);
  for (const [id, dispute] of disputes) if (dispute.state === "lost") add("disputed", id, dispute, []);
  made.sort((one, other) => one.atMs - other.atMs || (one.id < other.id ? -1 : 1));
  return { made, pending };
}

/**
 * What sums of refunds say beyond the refunds that are known by id, each increase at its time; what a later sum takes
 * back goes from the newest. Known refunds are taken for the first.
 */
function beyond(sums: readonly { amount: Units; atMs: number }[], known: Units): { amount: Units; atMs: number }[] {
  const increases: { amount: Units; atMs: number }[] = [];
  let total = 0n;
  for (const { amount, atMs } of sums) {
    if (amount > total) increases.push({ amount: amount - total, atMs });
    for (let less = total - amount; less > 0n; ) {
      const newest = increases.at(-1)!;
      const taken = least(less, newest.amount);
      newest.amount -= taken;
      less -= taken;
      if (newest.amount === 0n) increases.pop();
    }
    total = amount;
  }
  let explained = known;
  return increases.flatMap(({ amount, atMs }) => {
    const taken = least(explained, amount);
    explained -= taken;
    return taken === amount ? [] : [{ amount: amount - taken, atMs }];
  });
}
