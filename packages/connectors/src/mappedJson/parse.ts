import { createHash } from "node:crypto";
import { tokenHeader } from "../bearer.ts";
import {
  type ConnectorContext,
  MalformedBody,
  type Outcome,
  type ParsedElement,
  type ProviderRequest,
} from "../connector.ts";
import { takeContractEvent } from "../contractEvent.ts";
import { batchElement, noMeaning } from "../elements.ts";
import { parseJson } from "../json.ts";
import type { MappedJsonSettings } from "./mappedJson.ts";
import { evaluateMapping, type MappingVariables } from "./mapping.ts";

/** For all elements of one body together, so that a slow expression can't hold up everybody else. */
const mostMsPerBody = 1_000;
const mostEvents = 1_000;

/**
 * Elements of a body by its source's expression. A list is mapped element by element, so that each can be replayed by
 * itself; of what an expression makes of one body, the good events are taken even if others are faults.
 */
export async function parseMapped(
  request: ProviderRequest,
  context: ConnectorContext<MappedJsonSettings>,
): Promise<ParsedElement[]> {
  const body = parseJson(request.body);
  if (typeof body !== "object" || body === null) throw new MalformedBody("the body is neither an object nor a list");
  const variables = variablesOf(request, context);
  const { expression } = context.settings;
  if (!Array.isArray(body)) {
    const outcomes = await outcomesOf(expression, body, variables);
    return outcomes.map((outcome) => ({ raw: request.body, ...outcome }));
  }
  const elements: ParsedElement[] = [];
  const until = performance.now() + mostMsPerBody;
  for (const part of body as unknown[]) {
    const outcomes =
      performance.now() > until
        ? [{ fault: `the body's elements before took ${mostMsPerBody} ms` }]
        : await outcomesOf(expression, part, variables);
    elements.push(...outcomes.map((outcome) => batchElement(part, outcome)));
    // JSONata never waits for anything, so others only get their turn here.
    await new Promise(setImmediate);
  }
  return elements;
}

async function outcomesOf(expression: string, body: unknown, variables: MappingVariables): Promise<Outcome[]> {
  const result = await evaluateMapping(expression, body, variables);
  if ("fault" in result) {
    const place = result.position === undefined ? "" : ` (character ${result.position} of the expression)`;
    return [{ fault: `${result.fault}${place}` }];
  }
  return outcomesOfValue(result.value);
}

/** At most one outcome of each sort: all good events, all faults in one, or why there is nothing. */
export function outcomesOfValue(value: unknown): Outcome[] {
  const made = value === undefined || value === null ? [] : Array.isArray(value) ? value : [value];
  if (made.length === 0) return [noMeaning("the expression makes no event of it")];
  if (made.length > mostEvents) return [{ fault: `the expression makes more than ${mostEvents} events of one body` }];
  const taken: Outcome[] = made.map((event) => withoutRaw(takeContractEvent(event, Buffer.alloc(0), {})));
  const events = taken.flatMap((outcome) => ("events" in outcome ? outcome.events : []));
  const faults = taken.flatMap((outcome, index) =>
    "fault" in outcome ? [`event ${index + 1}: ${outcome.fault}`] : [],
  );
  const unused = taken.find((outcome) => "unused" in outcome);
  const outcomes: Outcome[] = [];
  if (events.length > 0) outcomes.push({ events });
  if (faults.length > 0) outcomes.push({ fault: faults.slice(0, 5).join("; ") });
  if (unused !== undefined) outcomes.push(unused);
  return outcomes;
}

function withoutRaw({ raw: _, ...outcome }: ParsedElement): Outcome {
  return outcome;
}

/** What an expression may see of the request: nothing that proves who sends. */
function variablesOf(request: ProviderRequest, context: ConnectorContext<MappedJsonSettings>): MappingVariables {
  const secret = ["authorization", "cookie", tokenHeader, context.settings.token_header];
  const shown = Object.entries(request.headers).filter(
    (header): header is [string, string] => header[1] !== undefined && !secret.includes(header[0]),
  );
  return {
    headers: Object.fromEntries(shown),
    receivedAt: context.receivedAt.toISOString(),
    bodyHash: createHash("sha256").update(request.body).digest("hex"),
  };
}
