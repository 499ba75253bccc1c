import { topicNames } from "@keypulse/contracts";
import { connectKafka, connectProducer, silentLogger } from "@keypulse/engines";
import type { DemoMessage } from "../demo/event.ts";
import { createLiveEvents, startLiveStream } from "../demo/live.ts";
import { createRandom } from "../demo/random.ts";
import type { ClientRhythm } from "../demo/rhythm.ts";
import type { Connections } from "./connections.ts";

export interface DemonstrationStream {
  /** Events a second from now on. */
  start(eventsPerSecond: number, onError: (error: Error) => void): void;
  stop(): Promise<void>;
}

/**
 * Demonstration events of now, through Kafka. One of each source is sent at once: between yesterday's end and now the
 * sources were quiet, and while they seem broken no silence of a client is believed.
 */
export async function streamDemonstration(
  connections: Connections,
  clients: readonly ClientRhythm[],
): Promise<DemonstrationStream> {
  const topics = topicNames(connections.TOPIC_PREFIX);
  const random = createRandom(Math.random);
  const events = createLiveEvents(clients, random, Date.now().toString(36));
  const producer = await connectProducer(connectKafka(connections, "keypulse-demo", silentLogger));
  const send = async ({ kind, key, value }: DemoMessage): Promise<void> => {
    await producer.send({ topic: topics.events[kind], messages: [{ key, value }] });
  };
  for (const message of events.signsOfLife(Date.now())) await send(message);
  let stop = async (): Promise<void> => undefined;
  return {
    start: (eventsPerSecond, onError) => {
      stop = startLiveStream({ events, send, eventsPerSecond, random, onError }).stop;
    },
    stop: async () => {
      await stop();
      await producer.disconnect();
    },
  };
}
