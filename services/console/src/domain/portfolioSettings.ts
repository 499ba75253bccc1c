import { z } from "zod";

export const portfolioKind = "portfolio";

const share = z.number("must be a share from 0 to 1").gt(0, "must be above 0").max(1, "must be at most 1");
const positive = z.number("must be a number").gt(0, "must be above 0");
const months = z.number("must be whole months").int("must be whole months").min(1).max(120);

/** All limits of the portfolio. */
export const portfolioLimitsSchema = z.strictObject({
  measure: z.enum(["revenue", "margin"]).describe("What clients are ranked by"),
  months: months.describe("The portfolio is about so many months up to its day"),
  abc_by: z.enum(["value", "clients"]).describe("A ends with a share of the value, or of clients"),
  abc_a: share.describe("Share that A ends with"),
  abc_b: share.describe("Share that B ends with"),
  xyz_months: months.describe("Months that are one period of XYZ"),
  xyz_x: positive.describe("Coefficient of variation up to which a client is X"),
  xyz_y: positive.describe("The same for Y"),
  often: share.describe("From this share of months with an order on, a client buys often"),
  regularly: share.describe("The same for regularly"),
  rfm_scores: z.number().int().min(2).max(10).describe("RFM gives 1 to this"),
  thresholds: z.array(share).min(1).max(10).describe("Shares of revenue that are told of"),
  lost_gaps: positive.describe("A client is lost after so many of its own usual gaps without an order"),
  lost_days: z.number().int().min(1).max(3_650).describe("And after so many days at least"),
  lost_days_first: z.number().int().min(1).max(3_650).describe("So many days after an order on one single day"),
  breadwinner: share.describe("Share from which a client is a breadwinner"),
  long_term_years: z.number().int().min(1).max(50).describe("Ordering in each of so many years makes it long-term"),
  kaism_up: z.string().min(1).max(100).describe("Scheme of how valuable a client is to us"),
  kaism_across: z.string().min(1).max(100).describe("Scheme of how attractive we are to a client"),
  kaism_limit: z.number().min(1).max(10).describe("From this score on, 1 to 10, it is high"),
});
export type Limits = z.infer<typeof portfolioLimitsSchema>;

const criterionSchema = z
  .strictObject({
    criterion: z.string().min(1).max(100).describe("A measure of the view portfolio_measures"),
    weight: positive.optional().describe("Default 1"),
    scored: z
      .enum(["quantile", "written", "steps"])
      .optional()
      .describe("1 to 10 by place among all (default), the figure itself, or by steps"),
    less_is_better: z.boolean().optional(),
    steps: z
      .array(z.tuple([z.number(), z.number().min(1).max(10)]))
      .min(1)
      .optional()
      .describe("From which figure on which score"),
  })
  .refine(({ scored, steps }) => (scored === "steps") === (steps !== undefined), "steps go with scored: steps");
const schemesSchema = z.record(z.string().min(1).max(100), z.array(criterionSchema).min(1).max(50));

/** Those that people set; the others are defaultLimits, and the view portfolio_schemes has the schemes. */
export const portfolioSettingsSchema = portfolioLimitsSchema
  .partial()
  .extend({ schemes: schemesSchema.optional().describe("Scoring schemes by name, in the place of the usual two") });
const usualSchemes: readonly string[] = ["value", "attractiveness"];
export type PortfolioSettings = z.infer<typeof portfolioSettingsSchema>;

/** As the view portfolio_settings has them where nothing is set; a test compares. */
export const defaultLimits: Limits = {
  measure: "revenue",
  months: 12,
  abc_by: "value",
  abc_a: 0.8,
  abc_b: 0.95,
  xyz_months: 1,
  xyz_x: 0.5,
  xyz_y: 1,
  often: 0.75,
  regularly: 0.33,
  rfm_scores: 5,
  thresholds: [0.1, 0.2, 0.5],
  lost_gaps: 3,
  lost_days: 90,
  lost_days_first: 180,
  breadwinner: 0.1,
  long_term_years: 3,
  kaism_up: "value",
  kaism_across: "attractiveness",
  kaism_limit: 5.5,
};

/** What limits must hold together, those that are not set included. @returns every fault in words */
export function faultsOf({ schemes, ...limits }: Limits & Pick<PortfolioSettings, "schemes">): string[] {
  const names = schemes === undefined ? usualSchemes : Object.keys(schemes);
  const missing = [limits.kaism_up, limits.kaism_across].filter((scheme) => !names.includes(scheme));
  return [
    ...missing.map((scheme) => `kaism: there is no scheme "${scheme}"; schemes: ${names.join(", ")}`),
    limits.abc_a >= limits.abc_b && `abc_a (${limits.abc_a}) must be below abc_b (${limits.abc_b})`,
    limits.xyz_x >= limits.xyz_y && `xyz_x (${limits.xyz_x}) must be below xyz_y (${limits.xyz_y})`,
    limits.regularly >= limits.often && `regularly (${limits.regularly}) must be below often (${limits.often})`,
    limits.months % limits.xyz_months !== 0 &&
      `months (${limits.months}) must be a multiple of xyz_months (${limits.xyz_months})`,
  ].filter((fault) => fault !== false);
}
