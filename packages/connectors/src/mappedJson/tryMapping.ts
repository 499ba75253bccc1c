import { parseEvent } from "@keypulse/contracts";
import { MalformedBody, type MappedEvent, type Outcome } from "../connector.ts";
import { parseJson } from "../json.ts";
import { checkExpression, evaluateMapping, type MappingVariables } from "./mapping.ts";
import { outcomesOfValue } from "./parse.ts";

/** Where in the expression; line and column are counted from 1, as editors do. */
export interface Place {
  position: number;
  line: number;
  column: number;
}

/** What became of a try-out. */
export type MappingTrial =
  | { results: TriedElement[] }
  /** The expression or the sample as a whole can't be read. */
  | { fault: string; of: "expression" | "sample"; place?: Place };

/** What the expression makes of the sample, or of one of its elements where the sample is a list. */
export type TriedElement =
  | {
      outcomes: (Outcome & {
        /** What the contract finds wrong with events, which would keep them out: `order.placed: properties.amount: …`. */
        problems?: string[];
      })[];
    }
  | { fault: string; place?: Place };

/** Elements of a list that a try-out looks at. */
const mostElements = 20;

/** Tries an expression on a pasted body, as the connector would use it. Never throws. */
export async function tryMapping(
  expression: string,
  sampleBody: string,
  variables: Partial<MappingVariables> = {},
): Promise<MappingTrial> {
  const wrong = checkExpression(expression);
  if (wrong) return { fault: wrong.fault, of: "expression", ...placeOf(expression, wrong.position) };
  let body: unknown;
  try {
    body = parseJson(Buffer.from(sampleBody));
  } catch (error) {
    if (!(error instanceof MalformedBody)) throw error;
    return { fault: error.message, of: "sample" };
  }
  if (typeof body !== "object" || body === null) {
    return { fault: "the body is neither an object nor a list", of: "sample" };
  }
  const known = { headers: {}, receivedAt: new Date(0).toISOString(), bodyHash: "0".repeat(64), ...variables };
  const results: TriedElement[] = [];
  for (const part of Array.isArray(body) ? body.slice(0, mostElements) : [body]) {
    const result = await evaluateMapping(expression, part, known);
    results.push(
      "fault" in result
        ? { fault: result.fault, ...placeOf(expression, result.position) }
        : { outcomes: outcomesOfValue(result.value).map(withProblems) },
    );
  }
  return { results };
}

function withProblems(outcome: Outcome): Outcome & { problems?: string[] } {
  if (!("events" in outcome)) return outcome;
  const problems = outcome.events.flatMap(problemsOf);
  return problems.length === 0 ? outcome : { ...outcome, problems };
}

function problemsOf(event: MappedEvent): string[] {
  const result = parseEvent({ ...event, source: "try-out" });
  return "problem" in result ? [`${event.type}: ${result.problem.detail}`] : [];
}

function placeOf(expression: string, position: number | undefined): { place?: Place } {
  if (position === undefined) return {};
  const lines = expression.slice(0, position).split("\n");
  return { place: { position, line: lines.length, column: lines.at(-1)!.length + 1 } };
}
