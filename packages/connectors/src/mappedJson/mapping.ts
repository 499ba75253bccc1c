import jsonata from "jsonata";
import { fromMinorUnits } from "../amounts.ts";
import { BoundedRegExp } from "./boundedRegExp.ts";

/** What one evaluation may cost at most; an ordinary mapping takes a millisecond and a depth of 50. */
const limits = {
  timeout: 250,
  stack: 500,
  sequence: 10_000,
  RegexEngine: BoundedRegExp as unknown as RegExpConstructor,
};
const longestText = 1_000_000;
const longestResult = 1_000_000;
/** Texts of expressions that are kept compiled. */
const mostCompiled = 100;

export interface MappingFault {
  fault: string;
  /** Where in the expression, counted in characters from 0; absent where JSONata doesn't say. */
  position?: number;
}

/** Names that an expression may use beside the body. */
export interface MappingVariables {
  /** `$headers`: the request's, names in small letters, without those that prove who sends. */
  headers: Record<string, string>;
  /** `$receivedAt`: ISO 8601. */
  receivedAt: string;
  /** `$bodyHash`: SHA-256 of the body in hex, for senders that give no id. */
  bodyHash: string;
}

const compiled = new Map<string, jsonata.Expression>();

/** Whether an expression is JSONata; the fault says what is wrong and where. */
export function checkExpression(expression: string): MappingFault | undefined {
  try {
    compile(expression);
    return undefined;
  } catch (error) {
    return faultOf(error);
  }
}

/** The JSON value that an expression makes of a body; undefined where it makes nothing. Never throws. */
export async function evaluateMapping(
  expression: string,
  body: unknown,
  variables: MappingVariables,
): Promise<{ value: unknown } | MappingFault> {
  try {
    const value: unknown = await compile(expression).evaluate(body, { ...variables });
    return { value: asJson(value) };
  } catch (error) {
    return faultOf(error);
  }
}

function compile(expression: string): jsonata.Expression {
  const known = compiled.get(expression);
  if (known !== undefined) return known;
  const fresh = jsonata(expression, limits);
  fresh.registerFunction("fromMinorUnits", minorUnits, "<(ns)n?:s>");
  // JSONata bounds lists, but not texts. Its type for names leaves out the symbols that it looks up itself.
  fresh.assign(Symbol.for("jsonata.__evaluate_exit") as unknown as string, refuseLongText);
  const [oldest] = compiled.keys();
  if (compiled.size >= mostCompiled && oldest !== undefined) compiled.delete(oldest);
  compiled.set(expression, fresh);
  return fresh;
}

/** `$fromMinorUnits(2935, 2)` is "29.35": exact, where dividing by 100 would leave the decimals to chance. */
function minorUnits(value: number | string, places = 2): string {
  const amount = Number.isInteger(places) && places >= 0 && places <= 4 ? fromMinorUnits(value, places) : undefined;
  if (amount === undefined) throw new RangeError("$fromMinorUnits: needs a whole number and 0 to 4 places");
  return amount;
}

function refuseLongText(_node: unknown, _input: unknown, _environment: unknown, result: unknown): void {
  if (typeof result === "string" && result.length > longestText) {
    throw new RangeError(`a text grew longer than ${longestText} characters`);
  }
}

/** A plain copy: results of JSONata may be its own lists, or hold functions, which are no JSON. */
function asJson(value: unknown): unknown {
  if (value === undefined) return undefined;
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch {
    throw new TypeError("the result is not JSON: does it hold a function?");
  }
  if (text === undefined) throw new TypeError("the result is a function, not JSON");
  if (text.length > longestResult) throw new RangeError(`the result is longer than ${longestResult} characters`);
  return JSON.parse(text);
}

/**
 * JSONata throws objects with `message`, `code` and, mostly, `position`: where the token ends that it stumbled over.
 * Its messages quote values; those of the body are left out, because faults are shown and logged.
 */
function faultOf(error: unknown): MappingFault {
  const { message, code, position, token, value, value2 } = error as Partial<JsonataFault>;
  const quoted = [value, value2].filter((one) => typeof one === "string" || typeof one === "object");
  const masked = quoted.reduce<string>(
    (text, one) => text.replaceAll(JSON.stringify(one), "…"),
    message ?? String(error),
  );
  const fault = `${code ? `${code}: ` : ""}${masked.slice(0, 300)}`;
  if (typeof position !== "number") return { fault };
  const length = typeof token === "string" ? token.length : 0;
  return { fault, position: Math.max(0, position - length) };
}

interface JsonataFault extends jsonata.JsonataError {
  value: unknown;
  value2: unknown;
}
