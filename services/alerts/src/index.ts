export { type RunningAlerts, startAlerts } from "./app.ts";
export { type AlertsSettings, readAlertsConfig } from "./config.ts";
