import { runService } from "@keypulse/service-kit";
import { startConsole } from "./app.ts";
import { readConsoleConfig } from "./config.ts";

await runService(async () => startConsole(readConsoleConfig()));
