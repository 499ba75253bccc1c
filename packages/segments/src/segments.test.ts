import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { checkCondition, conditionSchema, queryOf } from "./index.ts";

describe("a condition in SQL", () => {
  it.each([
    "revenue_365d > 1000 AND active_30d = 0",
    "name LIKE 'A%' OR lower(name) IN ('acme', 'it''s; -- fine')",
    "last_order < today() - 90 AND orders BETWEEN 3 AND 10",
    "(region = 'north' AND NOT (open_alerts > 0)) OR has(other_currencies, 'USD')",
    "dateDiff('day', last_order, now()) > 2 * 30",
  ])("may be: %s", (sql) => expect(checkCondition(sql)).toBeUndefined());

  it.each([
    ["a subquery", "name IN (SELECT value FROM settings)"],
    ["a file", "file('/etc/passwd') != ''"],
    ["another database", "name = (system.users)"],
    ["a dictionary", "dictGet('x', 'y', 1) = 1"],
    ["a setting", "getSetting('readonly') = 1"],
    ["waiting", "sleepEachRow(1) = 0"],
    ["a bracket that ends the condition", "1) OR (1"],
    ["a union", "1) UNION ALL SELECT 1 WHERE (1"],
    ["a comment to the end", "1 -- "],
    ["a comment", "1 /* x */"],
    ["a second statement", "1; DROP TABLE events"],
    ["settings", "1) SETTINGS (max_threads = 1"],
    ["an open bracket", "(1"],
    ["an open text", "name = 'x"],
    ["a parameter", "name = {x: String}"],
    ["a quoted function", '"file"(1)'],
    ["a function in backticks", "`file`('/etc/passwd') != ''"],
    ["a function behind a comment", "file/**/('/etc/passwd') != ''"],
    ["a lambda", "arrayExists(x -> 1, other_currencies)"],
  ])("may not be %s", (_what, sql) => expect(checkCondition(sql)).toMatchObject({ message: expect.any(String) }));

  test("nothing but letters of a text gets past it with a word that reads", () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom("SELECT", "file(", "url (", ";", "--", "/*"), fc.string(), (a, b, c) => {
        const outside = `${a}${b}${c}`.replace(/'(?:[^'\\]|\\.|'')*'/g, "''");
        if (checkCondition(`${a}${b}${c}`) !== undefined) return;
        expect(outside).not.toMatch(/\b(select|file|url)\b\s*\(|\bselect\b|;|--|\/\*/i);
      }),
    );
  });
});

describe("a condition of fields", () => {
  it("becomes SQL whose values are parameters", () => {
    const condition = conditionSchema.parse({
      fields: {
        all: [
          { field: "orders", op: ">=", value: 3 },
          {
            any: [
              { field: "name", op: "contains", value: "'; DROP" },
              { field: "last_order", op: "is unknown" },
            ],
          },
          { field: "region", op: "in", value: ["a", "b"] },
        ],
      },
    });
    expect(queryOf(condition)).toEqual({
      query:
        "SELECT client_id FROM clients WHERE (\n(`orders` >= {v0: Int64} AND (positionCaseInsensitiveUTF8(`name`, {v1: String}) > 0" +
        " OR (isNull(`last_order`) OR empty(toString(`last_order`)))) AND (`region` = {v2: String} OR `region` = {v3: String}))\n)",
      parameters: { v0: 3, v1: "'; DROP", v2: "a", v3: "b" },
    });
  });

  it("refuses names that are none", () => {
    const parse = (field: string) => conditionSchema.safeParse({ fields: { all: [{ field, op: "=", value: 1 }] } });
    expect(parse("orders").success).toBe(true);
    expect(parse("orders` OR 1 = 1").success).toBe(false);
  });
});
