import type { ClickHouse } from "@keypulse/engines";
import type { NormaliseSettings } from "@keypulse/identity";
import {
  CannotDecide,
  type Decision,
  type DecisionPlan,
  decisionKinds,
  GraphLost,
  type IdentityDecisions,
  unpackKey,
} from "@keypulse/identity/store";
import { z } from "zod";
import { ApiFault } from "../domain/apiFault.ts";
import { identifierText, readIdentifier } from "../domain/identifierText.ts";
import type { TouchedTopic } from "../outputs/touchedTopic.ts";
import type { createMeasureMove } from "../steps/measureMove.ts";
import type { ApiServer } from "./apiServer.ts";
import { changeHeaders, readChangeHeaders } from "./changedBy.ts";
import { readClients } from "./clients.ts";
import { IdentityReading } from "./identityReading.ts";
import { faults } from "./sourceRoutes.ts";

const instant = z.iso.datetime();
const identifier = z.string().max(600).describe("Kind, a colon and the value, such as email:ana@acme.example");
const named = z.object({ id: z.uuid(), name: z.string() });
const reviewSchema = z.object({
  items: z.array(
    z.object({
      reason: z.string().describe("two_people, two_clients, limit or shared_value"),
      kind: z.string().describe("Kind of which there would be too many"),
      rule: z.string(),
      left: z.string(),
      right: z.string().describe("Empty for a shared value"),
      left_id: z.uuid(),
      right_id: z.uuid(),
      found_at: instant,
      evidence: z.array(z.object({ occurred_at: instant, source: z.string(), event_id: z.string() })),
    }),
  ),
});
const ledgerSchema = z.object({
  contact_id: z.uuid(),
  client: named,
  identifiers: z.array(z.object({ identifier: z.string(), contact_id: z.uuid() })),
  links: z.array(
    z.object({
      rule: z.string(),
      left: z.string(),
      right: z.string().describe("Empty where it was seen alone"),
      first_at: instant,
      last_at: instant,
      source: z.string(),
      event_id: z.string(),
    }),
  ),
});
const decisionSchema = z.object({
  id: z.uuid(),
  kind: z.enum(decisionKinds),
  left: z.string(),
  right: z.string().nullable(),
  since: instant.nullable().describe("From when a move counts; null from the beginning"),
  reason: z.string(),
  who: z.string(),
  decided_at: instant,
  undone: z.boolean(),
});
const previewSchema = z.object({
  decision: decisionSchema,
  done: z.boolean().describe("False where this is a preview"),
  identifiers: z.array(z.string()).describe("Identifiers whose contact or client changes; at most 100"),
  identifiers_changed: z.number().int(),
  moves: z.array(
    z.object({
      from: named,
      to: named,
      events: z.number().int(),
      orders: z.number().int(),
      revenue: z.number().describe("Net, in the workspace's currency"),
      alerts: z.number().int(),
    }),
  ),
});
const requestSchema = z.object({
  kind: z.enum(decisionKinds),
  left: identifier,
  right: identifier.optional(),
  since: z.iso.datetime({ offset: true }).optional().describe("From when a move counts; absent from the beginning"),
  reason: z.string().max(1_000).default("").describe("Why, for those who come after"),
  preview: z.boolean().default(false).describe("Say what would move, change nothing"),
});

export interface IdentityParts {
  clickhouse: ClickHouse;
  decisions: IdentityDecisions;
  measureMove: ReturnType<typeof createMeasureMove>;
  touched: TouchedTopic;
  normalise: NormaliseSettings;
}

/** Who is who: what people have to decide, the evidence, and decisions that can be looked at first and undone. */
export function serveIdentity(server: ApiServer, parts: IdentityParts): void {
  const { clickhouse, decisions, measureMove, touched, normalise } = parts;
  const reading = new IdentityReading(clickhouse);

  async function answer(plan: DecisionPlan, done: boolean): Promise<z.infer<typeof previewSchema>> {
    const moves = await measureMove(plan.changes);
    const keys = plan.changes.map(({ key }) => unpackKey(key));
    const names = await readClients(clickhouse, [...moves.flatMap(({ from, to }) => [from, to])]);
    const nameOf = (id: string) => ({ id, name: names.get(id)?.name ?? "" });
    return {
      decision: decisionAnswer(plan.decision),
      done,
      identifiers: await reading.identifiersOf(keys.slice(0, 100)),
      identifiers_changed: keys.length,
      moves: moves.map((move) => ({ ...move, from: nameOf(move.from), to: nameOf(move.to) })),
    };
  }

  /** Says first what moves, for afterwards nothing does; then does it. */
  async function carryOut(plan: DecisionPlan, preview: boolean): Promise<z.infer<typeof previewSchema>> {
    const said = await answer(plan, !preview);
    if (preview) return said;
    const changed = await decisions.carryOut(plan);
    const clients = new Set([...changed.map(unpackKey), ...said.moves.flatMap(({ from, to }) => [from.id, to.id])]);
    await touched.tell([...clients], `decision:${plan.decision.id}`, new Date());
    return said;
  }

  server.get(
    "/v1/identity/review",
    {
      schema: {
        operationId: "reviewIdentities",
        summary: "What no machine may join: conflicts and shared values, with the evidence",
        querystring: z.object({ limit: z.coerce.number().int().min(1).max(1_000).default(100) }),
        response: { 200: reviewSchema, ...faults },
      },
    },
    async (request) => ({ items: await reading.review(request.query.limit) }),
  );

  server.get(
    "/v1/identity/ledger",
    {
      schema: {
        operationId: "readLedger",
        summary: "Why an identifier belongs where it does: every link with rule, event and time",
        querystring: z.object({ identifier, limit: z.coerce.number().int().min(1).max(10_000).default(200) }),
        response: { 200: ledgerSchema, ...faults },
      },
    },
    async (request) => {
      const given = readIdentifier(request.query.identifier, normalise);
      const place = await reading.placeOf(given);
      if (place === undefined) throw new ApiFault(404, `no event carried ${identifierText(given)}`);
      const names = await readClients(clickhouse, [place.client_id]);
      return {
        contact_id: place.contact_id,
        client: { id: place.client_id, name: names.get(place.client_id)?.name ?? "" },
        identifiers: place.members.map(({ identifier: text, contact_id }) => ({ identifier: text, contact_id })),
        links: await reading.ledger(
          place.members.map(({ key }) => key),
          request.query.limit,
        ),
      };
    },
  );

  server.get(
    "/v1/identity/decisions",
    {
      schema: {
        operationId: "listDecisions",
        summary: "What people decided, the newest first",
        response: { 200: z.object({ decisions: z.array(decisionSchema) }), ...faults },
      },
    },
    async () => ({ decisions: (await decisions.all()).map(decisionAnswer) }),
  );

  server.post(
    "/v1/identity/decisions",
    {
      schema: {
        operationId: "decideIdentity",
        summary: "Merge, keep apart, move a contact, set a value aside or release it; or see what that would move",
        headers: changeHeaders,
        body: requestSchema,
        response: { 200: previewSchema, ...faults },
      },
    },
    async (request) => {
      const { kind, left, right, since, reason, preview } = request.body;
      const plan = await orFault(
        decisions.plan(
          {
            kind,
            left: readIdentifier(left, normalise),
            right: right === undefined ? undefined : readIdentifier(right, normalise),
            sinceMs: since === undefined ? undefined : Date.parse(since),
            reason,
            who: readChangeHeaders(request.headers).who,
          },
          Date.now(),
        ),
      );
      return await carryOut(plan, preview);
    },
  );

  server.post(
    "/v1/identity/decisions/:id/undo",
    {
      schema: {
        operationId: "undoDecision",
        summary: "Take a decision back, exactly; or see what that would move",
        headers: changeHeaders,
        params: z.object({ id: z.uuid() }),
        body: z.object({ preview: z.boolean().default(false) }),
        response: { 200: previewSchema, ...faults },
      },
    },
    async (request) => {
      const { who } = readChangeHeaders(request.headers);
      return await carryOut(await orFault(decisions.planUndo(request.params.id, who)), request.body.preview);
    },
  );
}

function decisionAnswer(decision: Decision): z.infer<typeof decisionSchema> {
  return {
    id: decision.id,
    kind: decision.kind,
    left: identifierText(decision.left),
    right: decision.right === undefined ? null : identifierText(decision.right),
    since: decision.sinceMs === undefined ? null : new Date(decision.sinceMs).toISOString(),
    reason: decision.reason,
    who: decision.who,
    decided_at: decision.decidedAt,
    undone: decision.undone,
  };
}

async function orFault<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof CannotDecide) throw new ApiFault(409, "this can't be decided", error.message);
    if (error instanceof GraphLost) {
      throw new ApiFault(503, "identities are being worked out again now", "try again in a moment");
    }
    throw error;
  }
}
