import { runService } from "@keypulse/service-kit";
import { startAlerts } from "./app.ts";
import { readAlertsConfig } from "./config.ts";

await runService(async () => startAlerts(readAlertsConfig()));
