export * from "./body.ts";
export * from "./message.ts";
export * from "./sdkSettings.ts";
export * from "./segment.ts";
export * from "./sourceSettings.ts";
