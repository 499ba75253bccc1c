import { connectorNamed } from "@keypulse/connectors";
import type { Source } from "@keypulse/sources";
import { doorless } from "./connectorSettings.ts";

/** Where a source's sender sends to, and what a person pastes there. */
export interface Wiring {
  /** Null where it has none: own producers write to Kafka, files are read by a command. */
  address: string | null;
  setup: string[];
  /** Code ready to paste, by what it is for. */
  snippets: Record<string, string>;
}

/** The address of webhooks, whatever the connector. */
export const hookAddress = (collectorUrl: string, id: string): string => `${collectorUrl}/hooks/${id}`;

/** @param writeKey known only in the answer that shows it */
export function wiringOf(source: Pick<Source, "id" | "connector">, collectorUrl: string, writeKey?: string): Wiring {
  const connector = connectorNamed(source.connector);
  if (connector === undefined) {
    const way = doorless[source.connector];
    return { address: null, setup: way === undefined ? [] : [way.setup(source.id)], snippets: {} };
  }
  const setup = connector.setup(hookAddress(collectorUrl, source.id));
  if (connector.name !== "segment") return { address: hookAddress(collectorUrl, source.id), setup, snippets: {} };
  const key = writeKey ?? "<write key>";
  return {
    address: `${collectorUrl}/v1`,
    setup: setup.map((step) => step.replaceAll("<write key>", key)),
    snippets: segmentSnippets(collectorUrl, key),
  };
}

function segmentSnippets(collectorUrl: string, writeKey: string): Record<string, string> {
  const { host, protocol } = new URL(collectorUrl);
  const insecure = protocol === "http:" ? ', protocol: "http"' : "";
  return {
    "@segment/analytics-node": `import { Analytics } from "@segment/analytics-node";

export const analytics = new Analytics({ writeKey: "${writeKey}", host: "${collectorUrl}" });
analytics.identify({ userId: "735", traits: { email: "ana@acme.example" } });
analytics.track({ userId: "735", event: "Order Completed", properties: { order_id: "1", total: 99.9, currency: "EUR" } });
`,
    "@segment/analytics-next": `import { AnalyticsBrowser } from "@segment/analytics-next";

export const analytics = AnalyticsBrowser.load(
  { writeKey: "${writeKey}", cdnURL: "${collectorUrl}" },
  { integrations: { "Segment.io": { apiHost: "${host}/v1"${insecure} } } },
);
analytics.page();
`,
  };
}
