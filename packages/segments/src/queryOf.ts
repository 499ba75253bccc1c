import type { Comparison, Condition, FieldCondition } from "./segment.ts";

export interface SegmentQuery {
  /** Text of a SELECT without FORMAT. */
  readonly query: string;
  /** Values of its `{v0: String}`. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** The query that answers with columns of the clients that a condition holds for. @param columns names, such as client_id */
export function queryOf(condition: Condition, columns: readonly string[] = ["client_id"]): SegmentQuery {
  const parameters: Record<string, unknown> = {};
  // On a line of its own: whatever stands in the condition, the bracket closes it.
  const where = "sql" in condition ? condition.sql : whereOf(condition.fields, parameters);
  return { query: `SELECT ${columns.join(", ")} FROM clients WHERE (\n${where}\n)`, parameters };
}

function whereOf(condition: FieldCondition, parameters: Record<string, unknown>): string {
  if ("all" in condition) return joined(condition.all, "AND", parameters);
  if ("any" in condition) return joined(condition.any, "OR", parameters);
  return compared(condition, parameters);
}

const joined = (list: readonly FieldCondition[], word: string, parameters: Record<string, unknown>): string =>
  `(${list.map((entry) => whereOf(entry, parameters)).join(` ${word} `)})`;

function compared(comparison: Comparison, parameters: Record<string, unknown>): string {
  const column = `\`${comparison.field}\``;
  const bind = (value: unknown): string => {
    const name = `v${Object.keys(parameters).length}`;
    parameters[name] = value;
    return `{${name}: ${typeOf(value)}}`;
  };
  const { op } = comparison;
  switch (op) {
    case "in":
    case "not in":
      return `${op === "in" ? "" : "NOT "}(${comparison.value.map((value) => `${column} = ${bind(value)}`).join(" OR ")})`;
    case "contains":
      return `positionCaseInsensitiveUTF8(${column}, ${bind(comparison.value)}) > 0`;
    case "starts with":
      return `startsWith(${column}, ${bind(comparison.value)})`;
    case "is known":
      return `(isNotNull(${column}) AND notEmpty(toString(${column})))`;
    case "is unknown":
      return `(isNull(${column}) OR empty(toString(${column})))`;
    case "in the last days":
    case "before the last days":
      return `${column} ${op === "in the last days" ? ">=" : "<"} (SELECT today FROM workspace) - ${bind(comparison.value)}`;
    default:
      return `${column} ${op} ${bind(comparison.value)}`;
  }
}

function typeOf(value: unknown): string {
  if (typeof value === "boolean") return "Bool";
  if (typeof value === "number") return Number.isInteger(value) ? "Int64" : "Float64";
  return "String";
}
