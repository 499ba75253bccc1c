export * from "./connector.ts";
export * from "./json.ts";
export * from "./mappedJson/tryMapping.ts";
export * from "./registry.ts";
