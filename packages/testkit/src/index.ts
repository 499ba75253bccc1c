export type { EngineAddresses } from "./addresses.ts";
export { buildEvent, generateStream, type SentEvent, type StreamEvent, type StreamSettings } from "./events.ts";
export { eventually } from "./eventually.ts";
export { type OwnEngines, type OwnEnginesOptions, ownEngines } from "./ownEngines.ts";
export { seededRandom } from "./random.ts";
export { type ServiceProcess, startService } from "./services.ts";
export { createTestWorkspace, type TestWorkspace } from "./workspace.ts";
export { createTestWorld, type TestWorld } from "./world.ts";
