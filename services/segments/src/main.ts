import { runService } from "@keypulse/service-kit";
import { startSegments } from "./app.ts";
import { readSegmentsConfig } from "./config.ts";

await runService(async () => startSegments(readSegmentsConfig()));
