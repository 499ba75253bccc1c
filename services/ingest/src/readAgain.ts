import type { ProviderRequest } from "@keypulse/connectors";
import { refusedHeaders, type Topics } from "@keypulse/contracts";
import { type KafkaMessage, type SourceBook, toMessages } from "@keypulse/sources";

/**
 * Makes a function that reads a provider's bytes again, by its source's connector and settings as they are now.
 * @returns of that function: messages for Kafka; those that still can't be used come with the reason of now
 * @throws Error of that function where the source or its connector is gone
 */
export function createReadAgain(book: SourceBook, topics: Topics) {
  return async function readAgain(bytes: Buffer, headers: Readonly<Record<string, string>>): Promise<KafkaMessage[]> {
    const id = headers[refusedHeaders.source] ?? "";
    const open = book.byId(id);
    // Another connector would take the bytes for something else.
    if (open?.connector === undefined || open.connector.name !== headers[refusedHeaders.connector]) {
      throw new Error(`the source ${id} is gone, or has another connector by now`);
    }
    const given = JSON.parse(headers[refusedHeaders.request] ?? '{"method":"POST","url":"","headers":{}}');
    const request: ProviderRequest = { ...given, body: bytes };
    const receivedAt = new Date(headers[refusedHeaders.receivedAt] ?? Date.now());
    const { source, connector, settings } = open;
    const elements = await connector.parse(request, { source: source.id, secrets: [], settings, receivedAt });
    return toMessages(elements, { source, topics, kind: connector.kind, receivedAt, request }).messages;
  };
}
