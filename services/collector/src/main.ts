import { runService } from "@keypulse/service-kit";
import { startCollector } from "./app.ts";
import { readCollectorConfig } from "./config.ts";

await runService(async () => startCollector(readCollectorConfig()));
