/** CloudEvents 1.0 attributes as Kafka headers (binary content mode of the Kafka protocol binding). */
export interface CloudEventAttributes {
  id: string;
  /** URI-reference of the producer, such as `/keypulse/signals`. */
  source: string;
  type: string;
  /** Left out where the value says it: each header costs a producer some microseconds. */
  time?: string;
  subject?: string;
}

export function cloudEventHeaders(attributes: CloudEventAttributes): Record<string, string> {
  return {
    "content-type": "application/json",
    ce_specversion: "1.0",
    ce_id: attributes.id,
    ce_source: attributes.source,
    ce_type: attributes.type,
    ...(attributes.time === undefined ? {} : { ce_time: attributes.time }),
    ...(attributes.subject === undefined ? {} : { ce_subject: attributes.subject }),
  };
}
