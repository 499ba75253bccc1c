export { analystGrants } from "./analyst.ts";
export { keysOfClients } from "./clientKeys.ts";
export { type ClientSort, clientSorts, type DailyRates, rankingQuery, rankingSettings } from "./clientRanking.ts";
export { type Recipe, readCookbook } from "./cookbook.ts";
export { type MigrationReport, migrate } from "./migrate.ts";
export {
  alertsThatMention,
  erasedPerson,
  fillSubject,
  type NamedSubject,
  type PersonalTable,
  personalTables,
} from "./personalData.ts";
export { purchaseSummariesQuery } from "./purchaseSummaries.ts";
export { readWorkspace } from "./readWorkspace.ts";
export { orderDaysKept, retentionSettingsShape } from "./retention.ts";
export { connectShards, mutate, type Shard } from "./shards.ts";
export { viewNames } from "./views.ts";
export type { WarehouseSettings } from "./workspace.ts";
