export { type MigrationReport, migrate } from "./migrate.ts";
export type { WarehouseSettings } from "./workspace.ts";
