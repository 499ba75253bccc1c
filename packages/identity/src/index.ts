export * from "./key.ts";
export * from "./normalise.ts";
export * from "./resolve.ts";
