export * from "./messages.ts";
export * from "./secrets.ts";
export * from "./settingsTable.ts";
export * from "./source.ts";
export * from "./sourceBook.ts";
export * from "./trackingPlan.ts";
