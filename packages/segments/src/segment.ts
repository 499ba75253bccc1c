import { z } from "zod";
import { checkCondition } from "./checkCondition.ts";

/** Their kind in the table of settings. */
export const segmentKind = "segment";

export const segmentIdSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,99}$/, "must be 1 to 100 of a-z, 0-9, dot, dash, underscore");

const scalar = z.union([z.string().max(1_000), z.number(), z.boolean()]);
const field = z.string().regex(/^[a-z][a-z0-9_]{0,62}$/, "must be a column of the view clients");

/** One comparison of a column with a value. */
const comparisonSchema = z.discriminatedUnion("op", [
  z.strictObject({ field, op: z.enum(["=", "!=", "<", "<=", ">", ">="]), value: scalar }),
  z.strictObject({ field, op: z.enum(["in", "not in"]), value: z.array(scalar).min(1).max(1_000) }),
  z.strictObject({ field, op: z.enum(["contains", "starts with"]), value: z.string().min(1).max(1_000) }),
  z.strictObject({ field, op: z.enum(["is known", "is unknown"]) }),
  z.strictObject({
    field,
    op: z.enum(["in the last days", "before the last days"]),
    value: z.number().int().min(0).max(36_500).describe("Days up to today"),
  }),
]);
export type Comparison = z.infer<typeof comparisonSchema>;

export type FieldGroup = { all: FieldCondition[] } | { any: FieldCondition[] };
export type FieldCondition = Comparison | FieldGroup;

/** A group may hold groups of comparisons, and no deeper: any condition can be said so. */
const deepest = 1;
const groupSchema = (depth: number): z.ZodType<FieldGroup> => {
  const entry: z.ZodType<FieldCondition> =
    depth === 0 ? comparisonSchema : z.union([comparisonSchema, groupSchema(depth - 1)]);
  const list = z.array(entry).min(1, "needs at least one comparison").max(50);
  return z.union([z.strictObject({ all: list }), z.strictObject({ any: list })]);
};

export const conditionSchema = z.union(
  [
    z.strictObject({
      sql: z
        .string()
        .trim()
        .min(1)
        .max(10_000)
        .superRefine((sql, context) => {
          const fault = checkCondition(sql);
          if (fault !== undefined) context.addIssue({ code: "custom", message: fault.message });
        })
        .describe("A condition over columns of the view clients, such as revenue_365d > 1000 AND active_30d = 0"),
    }),
    z.strictObject({ fields: groupSchema(deepest) }),
  ],
  { error: (issue) => (issue.code === "invalid_union" ? undefined : "must be {sql} or {fields}") },
);
export type Condition = z.infer<typeof conditionSchema>;

export const segmentSchema = z.object({
  id: segmentIdSchema,
  name: z.string().min(1, "give it a name that people recognise").max(200),
  description: z.string().max(2_000).default(""),
  condition: conditionSchema,
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
});
export type Segment = z.infer<typeof segmentSchema>;
