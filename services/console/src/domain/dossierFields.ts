import { z } from "zod";

const text = z.string("must be a text").trim().min(1, "must say something; DELETE takes a field away").max(20_000);
const shortText = text.max(500, "must have at most 500 characters");
const email = z.email("must be an e-mail address").transform((address) => address.toLowerCase());
const amount = z.number("must be a number").min(0, "must not be negative");

/** What can be written of a client, beside `custom.…`. */
export const clientFields = {
  name: shortText,
  industry: shortText,
  region: shortText,
  size: z.union([shortText, z.number().int().min(0)], { error: "must be a text or a whole number" }),
  owner: email,
  backup: email,
  parent: shortText.describe("Account number or client id of the parent company"),
  structure: text,
  strategy: text,
  needs: text,
  competitors: text,
  competitor_share: z
    .number("must be a share from 0 to 1")
    .min(0, "must be a share from 0 to 1")
    .max(1, "must be a share from 0 to 1"),
  budget: amount,
  terms: text,
  payment_days: z.number("must be whole days, at most 365").int().min(0).max(365, "must be whole days, at most 365"),
  discount: z
    .number("must be a share from 0 to 1")
    .min(0, "must be a share from 0 to 1")
    .max(1, "must be a share from 0 to 1"),
  cost_to_serve: amount,
  nps: z.number("must be 0 to 10").int("must be a whole number").min(0, "must be 0 to 10").max(10, "must be 0 to 10"),
  csat: z.number("must be 1 to 5").min(1, "must be 1 to 5").max(5, "must be 1 to 5"),
  satisfaction: shortText,
  types: z
    .array(
      z.enum(["promising", "image_maker", "expert", "partner"], {
        error: "must be promising, image_maker, expert or partner; the other types are computed",
      }),
    )
    .min(1, "must name a type; DELETE takes all away")
    .describe("Types of key client that people set"),
  away: z
    .strictObject({
      from: z.iso.date("must be a day such as 2026-12-24"),
      until: z.iso.date("must be a day such as 2027-01-02"),
    })
    .refine(({ from, until }) => from <= until, "until must not lie before from")
    .refine(
      ({ from, until }) => Date.parse(until) - Date.parse(from) < 366 * 86_400_000,
      "must be a year at most: of a client who left, write the field lost",
    )
    .describe(
      "When the client is known to be away (both days included): no alert is made of it; DELETE takes all entries away",
    ),
  lost: z.literal(true, "must be true, since the day when they said so; DELETE takes it back"),
  lost_reason: shortText,
  win_back_offer: shortText,
  win_back_outcome: shortText,
  notes: text,
} as const;

/** What can be written of a person, beside `custom.…`. */
export const contactFields = {
  name: shortText,
  role: z.enum(["decides", "influences", "uses", "buys", "blocks"], {
    error: "must be decides, influences, uses, buys or blocks",
  }),
  title: shortText,
  approves: text,
  notes: text,
} as const;

const customField = z
  .json()
  .refine((value) => value !== null, "must not be null; DELETE takes a field away")
  .refine((value) => JSON.stringify(value).length <= 20_000, "must have at most 20,000 characters as JSON");
const customName = /^custom\.[a-z0-9_.-]{1,80}$/;

/**
 * The schema of a field's value.
 * @returns undefined where there is no such field
 */
export function fieldSchema(subject: "client" | "contact", name: string): z.ZodType | undefined {
  const known: Record<string, z.ZodType> = subject === "client" ? clientFields : contactFields;
  return Object.hasOwn(known, name) ? known[name] : customName.test(name) ? customField : undefined;
}

export const fieldNames = (subject: "client" | "contact"): string[] =>
  Object.keys(subject === "client" ? clientFields : contactFields);
