import { readFileSync } from "node:fs";
import { type ServiceProcess, startService } from "@keypulse/testkit";

/** A worker that is started again at once whenever it ends, as a supervisor does; until it is asked to stop. */
export class SupervisedWorker {
  readonly #environment: Readonly<Record<string, string>>;
  #service: ServiceProcess | undefined;
  #stopping = false;
  /** Ends that nobody asked for. */
  ownEnds = 0;
  readonly logs: string[] = [];

  private constructor(environment: Readonly<Record<string, string>>) {
    this.#environment = environment;
  }

  static async start(environment: Readonly<Record<string, string>>): Promise<SupervisedWorker> {
    const worker = new SupervisedWorker(environment);
    await worker.#spawn(true);
    return worker;
  }

  async #spawn(waitUntilReady: boolean): Promise<void> {
    const service = await startService("ingest", this.#environment, { waitUntilReady });
    if (this.#stopping) return await service.kill();
    this.#service = service;
    this.logs.push(service.log);
    void service.ended.then(async () => {
      if (this.#stopping || this.#service !== service) return;
      this.ownEnds += 1;
      this.#service = undefined;
      await this.#spawn(false);
    });
  }

  /** SIGKILL, and a new process at once. */
  async killAndRestart(): Promise<void> {
    const service = this.#service;
    // It ended by itself just now, and is being started again.
    if (service === undefined) return;
    this.#service = undefined;
    await service.kill();
    await this.#spawn(false);
  }

  /** @returns the exit code of a stop in order */
  async stop(): Promise<number | null> {
    this.#stopping = true;
    return (await this.#service?.stop()) ?? null;
  }

  /** How often its processes logged a message. */
  count(message: string): number {
    const lines = this.logs.flatMap((log) => readFileSync(log, "utf8").split("\n"));
    return lines.filter((line) => line.includes(`"msg":"${message}"`)).length;
  }

  async kill(): Promise<void> {
    this.#stopping = true;
    await this.#service?.kill();
  }
}
