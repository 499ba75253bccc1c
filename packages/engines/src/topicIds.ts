import type { Kafka } from "kafkajs";

/** Ids that Kafka gave: a topic that is deleted and made again has another one, and so has another cluster. */
export interface TopicIds {
  clusterId: string;
  /** By name; a topic that does not exist is missing. Empty where the brokers know no ids of topics (before 2.8). */
  topics: Map<string, string>;
}

interface Request {
  apiKey: number;
  apiVersion: number;
  apiName: string;
  encode(): Promise<{ buf: Buffer; buffer: Buffer; size(): number }>;
}

interface ClusterInside {
  connect(): Promise<void>;
  refreshMetadata(): Promise<void>;
  disconnect(): Promise<void>;
  findControllerBroker(): Promise<{
    connectionPool: {
      send<T>(call: {
        request: Request;
        response: {
          decode(bytes: Buffer): Promise<T & { clientSideThrottleTime?: number }>;
          parse(data: T): Promise<T>;
        };
      }): Promise<T>;
    };
  }>;
}

interface TopicMetadata {
  errorCode: number;
  clusterId: string;
  topicId: string;
}

/** `UNKNOWN_TOPIC_OR_PARTITION` */
const unknownTopic = 3;

/**
 * Asks Kafka for the ids of topics. kafkajs speaks an older version of that request (Metadata, KIP-516 gave it ids), so it
 * is written here and sent through its connections.
 */
export async function readTopicIds(kafka: Kafka, topics: readonly string[]): Promise<TopicIds> {
  const cluster = openCluster(kafka);
  await cluster.connect();
  try {
    await cluster.refreshMetadata();
    const { connectionPool } = await cluster.findControllerBroker();
    const ids: TopicIds = { clusterId: "", topics: new Map() };
    for (const topic of topics) {
      const found = await connectionPool.send<TopicMetadata>({
        request: { apiKey: 3, apiVersion: 12, apiName: "Metadata", encode: async () => encodeRequest(topic) },
        response: { decode: async (bytes) => decodeResponse(bytes), parse: async (data) => data },
      });
      ids.clusterId = found.clusterId;
      if (found.errorCode === 0) ids.topics.set(topic, found.topicId);
      else if (found.errorCode !== unknownTopic) throw new Error(`Kafka answers ${found.errorCode} about ${topic}`);
    }
    return ids;
  } finally {
    await cluster.disconnect();
  }
}

function openCluster(kafka: Kafka): ClusterInside {
  const symbol = Object.getOwnPropertySymbols(kafka).find(
    ({ description }) => description === "private:Kafka:createCluster",
  );
  const create = symbol && (kafka as unknown as Record<symbol, (options: object) => ClusterInside>)[symbol];
  if (create === undefined)
    throw new Error("this version of kafkajs has another inside: topicIds.ts has to be looked at");
  return create({ metadataMaxAge: 300_000, allowAutoTopicCreation: false });
}

/** Version 12 is a "flexible" one: lengths are one more than they are, and tags, of which we have none, end every part. */
function encodeRequest(topic: string) {
  const name = Buffer.from(topic);
  const headerTags = [0];
  const oneTopic = [2, ...Buffer.alloc(16), ...unsigned(name.length + 1), ...name, 0];
  const noAutoCreation = 0;
  const noOperations = 0;
  const buffer = Buffer.from([...headerTags, ...oneTopic, noAutoCreation, noOperations, 0]);
  return { buf: buffer, buffer, size: () => buffer.length };
}

function unsigned(value: number): number[] {
  const bytes: number[] = [];
  for (; value > 127; value >>= 7) bytes.push((value & 127) | 128);
  return [...bytes, value];
}

function decodeResponse(bytes: Buffer): TopicMetadata {
  let at = 1;
  const length = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes.readUInt8(at++);
      value |= (byte & 127) << shift;
      if (byte < 128) return value - 1;
    }
  };
  const text = () => {
    const size = length();
    const found = size < 0 ? "" : bytes.toString("utf8", at, at + size);
    at += Math.max(0, size);
    return found;
  };
  const skip = (count: number) => {
    at += count;
  };
  skip(4);
  for (let brokers = length(); brokers > 0; brokers--) {
    skip(4);
    text();
    skip(4);
    text();
    skip(1);
  }
  const clusterId = text();
  skip(4);
  if (length() < 1) throw new Error("Kafka says nothing of the topic");
  const errorCode = bytes.readInt16BE(at);
  skip(2);
  text();
  return { errorCode, clusterId, topicId: bytes.toString("hex", at, at + 16) };
}
