import { runService } from "@keypulse/service-kit";
import { startSignals } from "./app.ts";
import { readSignalsConfig } from "./config.ts";

await runService(async () => startSignals(readSignalsConfig()));
