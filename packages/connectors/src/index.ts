export * from "./connector.ts";
export * from "./json.ts";
export * from "./registry.ts";
