import type { ConnectorContext, ConnectorTools, ParsedElement, ProviderRequest, Reply } from "@keypulse/connectors";
import type { EventKind, Topics } from "@keypulse/contracts";
import { type OpenSource, toMessages } from "@keypulse/sources";
import { Refusal } from "../inputs/httpServer.ts";
import type { CollectorMetrics } from "../metrics.ts";
import type { EventProducer } from "../outputs/eventProducer.ts";
import type { InTurn } from "./inTurn.ts";

export interface TakeRequest {
  /** A provider's request from its bytes to the acknowledgement of Kafka. @throws Refusal, MalformedBody, KafkaAway */
  webhook(open: OpenSource, request: ProviderRequest): Promise<Reply>;
  /** Elements that were read already. */
  elements(open: OpenSource, elements: readonly ParsedElement[], kind: EventKind, receivedAt: Date): Promise<void>;
}

interface Parts {
  topics: Topics;
  producer: EventProducer;
  tools: ConnectorTools & { confirm(url: string): Promise<void> };
  markMachines(source: string, elements: readonly ParsedElement[]): Promise<void>;
  metrics: CollectorMetrics;
  inTurn: InTurn;
}

const success: Reply = {
  status: 200,
  headers: { "content-type": "application/json" },
  body: '{"success":true}',
};

/** The way of a request: handshake → verify → parse → mark machines → check → publish. */
export function createTakeRequest({ topics, producer, tools, markMachines, metrics, inTurn }: Parts): TakeRequest {
  async function elements(
    { source }: OpenSource,
    parsed: readonly ParsedElement[],
    kind: EventKind,
    receivedAt: Date,
    request?: ProviderRequest,
  ): Promise<void> {
    if (source.state === "active") await markMachines(source.id, parsed);
    const mapped = toMessages(parsed, {
      source,
      topics,
      kind,
      receivedAt,
      ...(request && { request }),
    });
    await producer.publish(mapped.messages);
    metrics.taken(source.id, mapped);
  }

  return {
    elements,
    async webhook(open, request) {
      const { source, connector } = open;
      if (connector === undefined) throw new Refusal(404, "this source sends to Kafka, not here");
      const receivedAt = new Date();
      const context: ConnectorContext = {
        source: source.id,
        secrets: open.secrets(receivedAt.getTime()),
        settings: open.settings,
        receivedAt,
      };
      const handshake = await connector.handshake?.(request, context, tools);
      if (handshake !== undefined) {
        if (handshake.confirm !== undefined) await tools.confirm(handshake.confirm);
        return handshake.reply;
      }
      const verified = await connector.verify(request, context, tools);
      if (!verified.ok) {
        metrics.notGenuine(source.id);
        throw new Refusal(verified.status ?? 401, verified.detail);
      }
      // Not before: proving a request may wait for a certificate, and whoever can't prove it holds nobody up.
      await inTurn(request.body.length, async () =>
        elements(open, await connector.parse(request, context), connector.kind, receivedAt, request),
      );
      return connector.accepted ?? success;
    },
  };
}
