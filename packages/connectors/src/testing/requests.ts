import { parseEvent } from "@keypulse/contracts";
import type { Connector, ConnectorContext, ConnectorTools, ParsedElement, ProviderRequest } from "../connector.ts";

/** A POST as a provider sends it, for tests. */
export function providerRequest(
  body: string | Buffer,
  headers: Record<string, string> = {},
  url = "https://collector.example/hooks/s1",
): ProviderRequest {
  const names = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
  return { method: "POST", url, headers: Object.fromEntries(names), body: Buffer.from(body) };
}

/** The context of source `s1` with these secrets; settings are read by the connector's own schema. */
export function contextOf<S>(
  connector: Pick<Connector<S>, "settings">,
  given: { secrets?: string[]; settings?: unknown; receivedAt?: Date } = {},
): ConnectorContext<S> {
  return {
    source: "s1",
    secrets: given.secrets ?? ["secret"],
    settings: connector.settings.parse(given.settings ?? {}),
    receivedAt: given.receivedAt ?? new Date("2026-01-02T03:04:05Z"),
  };
}

/** Tools that reach nothing. */
export const offline: ConnectorTools = {
  download: async (url) => {
    throw new Error(`nothing may be downloaded here: ${url}`);
  },
};

/** Events of elements, each proven to keep the contract. */
export function eventsOf(elements: ParsedElement[]) {
  return elements
    .flatMap((element) => ("events" in element ? element.events : []))
    .map((event) => {
      const result = parseEvent({ ...event, source: "s1" });
      if ("problem" in result) throw new Error(`${event.type} breaks the contract: ${result.problem.detail}`);
      return event;
    });
}
