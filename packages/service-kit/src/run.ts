import { ConfigError } from "./config.ts";
import type { Logger } from "./logger.ts";

/** A started service: stops in order, finishing the work in hand. */
export interface RunningService {
  logger: Logger;
  /** Rejects when the service can't go on; its process then ends with 1 and is started again by its supervisor. */
  failed: Promise<never>;
  stop(): Promise<void>;
}

/**
 * Runs a service as a process: SIGTERM and SIGINT stop it in order (a second signal ends it at once), a fault of the
 * settings is printed as text and ends it with 78 (EX_CONFIG: starting it again can't help).
 */
export async function runService(start: () => Promise<RunningService>): Promise<void> {
  let service: RunningService;
  try {
    service = await start();
  } catch (error) {
    process.stderr.write(`${error instanceof ConfigError ? error.message : (error as Error).stack}\n`);
    process.exit(error instanceof ConfigError ? 78 : 1);
  }
  const { logger } = service;
  let stopping = false;
  const stop = async (why: string, code: number) => {
    if (stopping) process.exit(code || 130);
    stopping = true;
    logger.info({ why }, "stopping");
    try {
      await service.stop();
      logger.info({}, "stopped");
      process.exit(code);
    } catch (error) {
      logger.error({ err: error }, "did not stop cleanly");
      process.exit(1);
    }
  };
  process.on("SIGTERM", () => void stop("SIGTERM", 0));
  process.on("SIGINT", () => void stop("SIGINT", 0));
  service.failed.catch((error: Error) => {
    logger.error({ err: error }, "can't go on");
    void stop("failed", 1);
  });
}
