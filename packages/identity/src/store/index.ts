export type { Place } from "../settle.ts";
export {
  CannotDecide,
  type DecisionPlan,
  type DecisionRequest,
  IdentityDecisions,
  type PlaceChange,
} from "./decide.ts";
export { type Decision, type DecisionKind, decisionKinds, type Identifier } from "./decisions.ts";
export { GraphLost } from "./graph.ts";
export { IdentityStore } from "./identityStore.ts";
export { packKey, unpackKey } from "./packedLinks.ts";
export { rebuildIdentities } from "./rebuild.ts";
