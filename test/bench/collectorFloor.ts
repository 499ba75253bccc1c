import { cloudEventHeaders, connectKafka, kafkaSettingsShape, silentLogger } from "@keypulse/engines";
import { z } from "zod";
import { createHttpServer } from "../../services/collector/src/inputs/httpServer.ts";
import { EventProducer } from "../../services/collector/src/outputs/eventProducer.ts";

/** The floor of `npm run bench -- collector`: the same server and producer, which only hands each message of a body to Kafka. */
const settings = z.object(kafkaSettingsShape).parse(process.env);
const producer = new EventProducer(connectKafka(settings, "keypulse-bench-floor", silentLogger), silentLogger);
const server = await createHttpServer({}, silentLogger);
const topic = process.env.FLOOR_TOPIC!;
let key = 0;
// The same headers as the collector's messages, which cost as much as the values.
const publish = (values: (Buffer | string)[]) =>
  producer.publish(
    values.map((value) => {
      const id = String(key++);
      const headers = cloudEventHeaders({ id, source: "bench", type: "web.product_viewed" });
      return { topic, key: `user_id:u-${key % 5_000}`, value, headers };
    }),
  );
server.post("/v1/track", async (request) => {
  await publish([request.body as Buffer]);
  return { success: true };
});
server.post("/v1/batch", async (request) => {
  const { batch } = JSON.parse((request.body as Buffer).toString()) as { batch: unknown[] };
  await publish(batch.map((message) => JSON.stringify(message)));
  return { success: true };
});
await server.listen({ host: "127.0.0.1", port: Number(process.env.COLLECTOR_PORT) });
process.on("SIGTERM", async () => {
  await server.close();
  await producer.close();
  process.exit(0);
});
