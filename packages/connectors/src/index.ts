export * from "./connector.ts";
export * from "./json.ts";
export * from "./mappedJson/tryMapping.ts";
export * from "./registry.ts";
export * from "./segment/index.ts";
