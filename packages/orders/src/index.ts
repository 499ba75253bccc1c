export * from "./document.ts";
export { foldOrder } from "./foldOrder.ts";
export * from "./judgeSale.ts";
export { matchPayments } from "./matchPayments.ts";
export * from "./message.ts";
export { decimalOf, type Units, unitsOf } from "./money.ts";
export * from "./rules.ts";
export { type StoryStep, tellStory } from "./tellStory.ts";
