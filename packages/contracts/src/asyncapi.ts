import { z } from "zod";
import { eventSchemas, eventVersion } from "./event.ts";
import { defaultTopicPrefix, ownTopicSchemas, topicNames } from "./topics.ts";
import { eventKinds, eventTypes, vocabulary } from "./vocabulary.ts";

const jsonSchema = (schema: z.ZodType) => {
  // What producers may send is the input side; `any` stands for texts with their own checks (currencies).
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  return rest;
};
const messageName = (type: string) => type.replaceAll(".", "_");

/** The AsyncAPI 3 document of every topic, made from the zod schemas. */
export function asyncApiDocument(): object {
  const topics = topicNames(defaultTopicPrefix);
  const identityTypes = eventTypes.filter((type) => vocabulary[type].kind === "identity");
  const messages: Record<string, object> = {};
  for (const type of eventTypes) {
    messages[messageName(type)] = {
      name: type,
      summary: vocabulary[type].means,
      contentType: "application/json",
      bindings: { kafka: { key: { type: "string", description: "Strongest identifier, as kind:value" } } },
      payload: jsonSchema(eventSchemas.get(type)!),
    };
  }
  for (const [name, schema] of Object.entries(ownTopicSchemas)) {
    messages[name] = { name, contentType: "application/json", payload: jsonSchema(schema) };
  }
  messages.rejected = {
    name: "rejected",
    summary:
      "The message as it came; headers reason, detail, event_source and position say why and from where. One of more than 512 KiB comes without its bytes, whose number is in bytes_left_out; the table rejected_events has them",
    contentType: "application/octet-stream",
  };

  const channel = (address: string, description: string, names: string[]) => ({
    address,
    description,
    messages: Object.fromEntries(names.map((name) => [name, { $ref: `#/components/messages/${name}` }])),
  });
  const channels: Record<string, object> = {};
  for (const kind of eventKinds) {
    const types = eventTypes.filter((type) => vocabulary[type].kind === kind);
    channels[`events_${kind}`] = channel(
      topics.events[kind],
      `Events of kind ${kind}; identify, group and alias may ride on it`,
      [...types, ...identityTypes].map(messageName),
    );
  }
  channels.rejected = channel(topics.rejected, "Events that can't be used", ["rejected"]);
  channels.touched = channel(topics.touched, "Clients that a stored batch was about", ["touched"]);
  channels.orders = channel(topics.orders, "Orders that a stored batch brought messages about, keyed by source", [
    "orders",
  ]);
  channels.signals = channel(topics.signals, "Findings of the detectors, keyed by client", ["signals"]);
  channels.alerts = channel(topics.alerts, "Every version of every alert, keyed by client", ["alerts"]);
  channels.segments = channel(topics.segments, "Clients entering and leaving segments, keyed by client", ["segments"]);

  const operation = (action: "send" | "receive", name: string, summary: string) => [
    `${action}_${name}`,
    { action, channel: { $ref: `#/channels/${name}` }, summary },
  ];
  return {
    asyncapi: "3.0.0",
    info: {
      title: "Keypulse",
      version: `${eventVersion}.0.0`,
      description:
        "Events of clients in, signals and alerts about key clients out. Values are JSON with CloudEvents 1.0 headers (binary mode); producers may leave the headers out.",
      license: { name: "Apache-2.0" },
    },
    defaultContentType: "application/json",
    channels,
    operations: Object.fromEntries([
      ...eventKinds.map((kind) => operation("receive", `events_${kind}`, `Keypulse consumes events of kind ${kind}`)),
      operation("send", "rejected", "Keypulse publishes what it could not use"),
      operation("send", "touched", "Keypulse says whose profile changed"),
      operation("send", "orders", "Keypulse says which orders it will settle again"),
      operation("send", "signals", "Keypulse publishes findings"),
      operation("send", "alerts", "Keypulse publishes alerts"),
      operation("send", "segments", "Keypulse publishes who enters and leaves a segment"),
    ]),
    components: { messages },
  };
}
