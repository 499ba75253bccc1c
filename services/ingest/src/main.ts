import { runService } from "@keypulse/service-kit";
import { startIngest } from "./app.ts";
import { readIngestConfig } from "./config.ts";

await runService(async () => startIngest(readIngestConfig()));
