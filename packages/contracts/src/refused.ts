/**
 * What a collector can't use goes to the topic of its source's kind all the same, as the provider's original bytes with
 * these headers; ingest keeps it in `rejected_events`, so that nothing is dropped and all of it can be replayed.
 */
export const refusedHeaders = {
  reason: "keypulse_refused",
  detail: "keypulse_detail",
  source: "keypulse_source",
  /** Connector whose `parse` reads the bytes again. */
  connector: "keypulse_connector",
  receivedAt: "keypulse_received_at",
  /** Method, address and headers of the request as JSON, without what authorises: connectors read types and ids there. */
  request: "keypulse_request",
} as const;

export const refusedReasons = [
  "malformed",
  "unknown_type",
  "no_meaning",
  "test",
  "invalid",
  "off_plan",
  "paused",
] as const;
/** Why a provider's element is not an event. `no_meaning` and `test` are no fault of the source. */
export type RefusedReason = (typeof refusedReasons)[number];
