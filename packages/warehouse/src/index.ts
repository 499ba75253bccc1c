export { analystGrants } from "./analyst.ts";
export { keysOfClients } from "./clientKeys.ts";
export { type ClientSort, clientSorts, rankingQuery } from "./clientRanking.ts";
export { type Recipe, readCookbook } from "./cookbook.ts";
export { type KeyParameters, queryByKeys, readKeyParameters, readWorkspace } from "./keyQueries.ts";
export { type MigrationReport, migrate } from "./migrate.ts";
export { fillSubject, type PersonalTable, personalTables } from "./personalData.ts";
export { viewNames } from "./views.ts";
export type { WarehouseSettings } from "./workspace.ts";
