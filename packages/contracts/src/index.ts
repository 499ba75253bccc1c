export * from "./alert.ts";
export * from "./event.ts";
export * from "./identifiers.ts";
export * from "./money.ts";
export * from "./signal.ts";
export * from "./topics.ts";
export * from "./touched.ts";
export * from "./vocabulary.ts";
