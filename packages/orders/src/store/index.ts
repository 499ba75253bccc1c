export { OrderTables, type SettledBatch } from "./orderTables.ts";
export { type OrderRef, readMessages } from "./readMessages.ts";
export { settleAll } from "./settleAll.ts";
