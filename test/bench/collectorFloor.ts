import { connectKafka, kafkaSettingsShape, silentLogger } from "@keypulse/engines";
import { z } from "zod";
import { createHttpServer } from "../../services/collector/src/inputs/httpServer.ts";
import { EventProducer } from "../../services/collector/src/outputs/eventProducer.ts";

/** The floor of `npm run bench -- collector`: the same server and producer, which only hands the body to Kafka. */
const settings = z.object(kafkaSettingsShape).parse(process.env);
const producer = new EventProducer(connectKafka(settings, "keypulse-bench-floor", silentLogger), silentLogger);
const server = await createHttpServer({}, silentLogger);
const topic = process.env.FLOOR_TOPIC!;
let key = 0;
for (const path of ["/v1/track", "/v1/batch"]) {
  server.post(path, async (request) => {
    const value = request.body as Buffer;
    key += 1;
    await producer.publish([{ topic, key: String(key), value, headers: {} }]);
    return { success: true };
  });
}
await server.listen({ host: "127.0.0.1", port: Number(process.env.COLLECTOR_PORT) });
process.on("SIGTERM", async () => {
  await server.close();
  await producer.close();
  process.exit(0);
});
