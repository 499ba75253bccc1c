import type { OrderState } from "@keypulse/contracts";
import { z } from "zod";

/** What counts as revenue in a workspace. */
export interface SaleRules {
  /** From which state on an order is a sale, and on which of its days. */
  saleFrom: "placed" | "paid" | "fulfilled";
  /** Parts of an order's amount that are no revenue. */
  without: readonly ("tax" | "shipping")[];
  /** Bills of subscriptions: sales once they are paid, as soon as they are written, or not at all. */
  subscriptions: "paid" | "issued" | "never";
  /** Invoices that name no order: debts alone, for the order that they bill may be told apart, or sales. */
  invoices: "debts" | "sales";
}

export const usualRules: SaleRules = { saleFrom: "placed", without: [], subscriptions: "paid", invoices: "debts" };

const parts = ["tax", "shipping"] as const;

/** Settings of every service that settles orders; changed, all orders are settled again. */
export const saleSettingsShape = {
  /** From which state an order is a sale: placed (as firm as the sender makes it), paid or fulfilled. */
  WORKSPACE_SALE_FROM: z.enum(["placed", "paid", "fulfilled"]).default("placed"),
  /** Parts of amounts that are no revenue: `tax`, `shipping`, or both with a comma between. */
  WORKSPACE_REVENUE_WITHOUT: z
    .string()
    .default("")
    .transform((text, context) => {
      const named = text
        .split(",")
        .map((part) => part.trim())
        .filter((part) => part !== "");
      const unknown = named.filter((part) => !(parts as readonly string[]).includes(part));
      if (unknown.length === 0) return parts.filter((part) => named.includes(part));
      context.addIssue({
        code: "custom",
        message: `must be tax, shipping or both with a comma; "${unknown[0]}" is neither`,
      });
      return z.NEVER;
    }),
  WORKSPACE_SUBSCRIPTIONS: z.enum(["paid", "issued", "never"]).default("paid"),
  /** What an invoice is that names no order and of which no order is told: a debt alone, or a sale. */
  WORKSPACE_INVOICES: z.enum(["debts", "sales"]).default("debts"),
};

export const saleRulesOf = (settings: z.infer<z.ZodObject<typeof saleSettingsShape>>): SaleRules => ({
  saleFrom: settings.WORKSPACE_SALE_FROM,
  without: settings.WORKSPACE_REVENUE_WITHOUT,
  subscriptions: settings.WORKSPACE_SUBSCRIPTIONS,
  invoices: settings.WORKSPACE_INVOICES,
});

/** Raised when the fold itself changes, so that what older code settled is settled again. */
const foldVersion = 2;

/** A document says by which rules it was settled. */
export const rulesName = ({ saleFrom, without, subscriptions, invoices }: SaleRules): string =>
  `${foldVersion}:${saleFrom}:${without.join("+")}:${subscriptions}:${invoices}`;

/** What each state of an order does to revenue. */
export const stateEffects: Readonly<Record<OrderState, "not yet" | "counts" | "gives back" | "never was">> = {
  draft: "not yet",
  pending: "not yet",
  authorized: "not yet",
  placed: "counts",
  paid: "counts",
  fulfilled: "counts",
  cancelled: "gives back",
  refunded: "gives back",
  failed: "never was",
  deleted: "never was",
};
