export { type BringUpOptions, bringUpEngines, type Engines } from "./engines/bringUp.ts";
export { clickhouseUrl, clickhouseUsers, clickhouseUsersEnvironment } from "./engines/clickhouseUsers.ts";
export { composeFile, composeIsInstalled, dockerAnswers } from "./engines/compose.ts";
export { EngineError } from "./engines/engineError.ts";
export { withFileLock } from "./engines/fileLock.ts";
export { nativeClickHouse } from "./engines/native/clickhouse.ts";
export type { NativeEngine } from "./engines/native/nativeProcess.ts";
export { nativeZookeeper } from "./engines/native/zookeeper.ts";
export { freePorts } from "./engines/ports.ts";
export {
  type EngineName,
  engineNames,
  findRunningEngines,
  type Origin,
  type RunningEngines,
} from "./engines/running.ts";
export { type StartStep, type Step, silentSteps } from "./engines/steps.ts";
export { cacheFolder, checkout, keypulseFolder } from "./folder.ts";
export { serviceNodeOptions } from "./nodeOptions.ts";
export { type PrepareReport, prepareWorkspace } from "./prepare.ts";
export { services } from "./start/services.ts";
export { createTerminal, type Terminal } from "./terminal.ts";
