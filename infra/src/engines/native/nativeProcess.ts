import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { EngineError } from "../engineError.ts";
import { type Port, requireFree } from "../ports.ts";
import { endWithUs } from "./reaper.ts";

/** An engine running as a process of ours. Ports and data stay the same over stop, kill and start. */
export interface NativeEngine {
  /** For people: "ClickHouse". */
  readonly title: string;
  readonly url: string;
  readonly pid: number | undefined;
  readonly logFile: string;
  /** Resolves when the engine answers. Does nothing while it runs. */
  start(): Promise<void>;
  /** SIGTERM, waits, SIGKILL after a time limit. */
  stop(): Promise<void>;
  /** SIGKILL, resolves when the process is gone. */
  kill(): Promise<void>;
  /** stop and start. */
  restart(): Promise<void>;
}

interface NativeCommand {
  readonly file: string;
  readonly args: readonly string[];
  /** All of its environment; ours where it is left out. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface NativeProcessOptions {
  readonly title: string;
  readonly url: string;
  readonly logFile: string;
  /** What it listens on, checked before every start: another program there would be taken for the engine. */
  readonly ports: readonly Port[];
  /** Readies files (configuration, formatted storage) and says what to run; called at every start. */
  readonly prepare: () => Promise<NativeCommand>;
  /** Whether the engine answers. */
  readonly answers: () => Promise<boolean>;
  readonly startTimeoutMs?: number;
  readonly stopTimeoutMs?: number;
}

const largestLog = 10_000_000;

export class NativeProcess implements NativeEngine {
  readonly title: string;
  readonly url: string;
  readonly logFile: string;
  readonly #options: NativeProcessOptions;
  #child: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();

  constructor(options: NativeProcessOptions) {
    this.title = options.title;
    this.url = options.url;
    this.logFile = options.logFile;
    this.#options = options;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  async start(): Promise<void> {
    if (this.#child) return;
    for (const port of this.#options.ports) await requireFree(port, this.title);
    const command = await this.#options.prepare();
    const log = openLog(this.logFile);
    const from = statSync(this.logFile).size;
    // A session of its own: Ctrl-C in a terminal must reach us alone, engines are stopped after the services.
    const child = spawn(command.file, command.args, {
      detached: true,
      stdio: ["ignore", log, log],
      env: command.env ?? process.env,
    });
    closeSync(log);
    this.#child = child;
    let forget = (): void => undefined;
    let failure: Error | undefined;
    this.#ended = new Promise((resolve) => {
      const end = (): void => {
        forget();
        if (this.#child === child) this.#child = undefined;
        resolve();
      };
      child.once("exit", end);
      child.once("error", (error) => {
        failure = error;
        if (child.pid === undefined) end();
      });
    });
    if (child.pid !== undefined) forget = endWithUs(child.pid);
    await this.#untilAnswers(child, from, () => failure);
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (!child) return;
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), this.#options.stopTimeoutMs ?? 20_000);
    await this.#ended;
    clearTimeout(timer);
  }

  async kill(): Promise<void> {
    this.#child?.kill("SIGKILL");
    await this.#ended;
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  async #untilAnswers(child: ChildProcess, logFrom: number, failure: () => Error | undefined): Promise<void> {
    const deadline = Date.now() + (this.#options.startTimeoutMs ?? 60_000);
    while (this.#child === child) {
      if (await this.#options.answers().catch(() => false)) return;
      if (Date.now() > deadline) {
        await this.kill();
        throw this.#startFailed("did not answer in time", logFrom);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw this.#startFailed(failure()?.message ?? "ended at once", logFrom);
  }

  #startFailed(what: string, logFrom: number): EngineError {
    const lines = readFileSync(this.logFile).subarray(logFrom).toString("utf8").trim().split("\n").slice(-12);
    const said = lines.join("\n").trim();
    return new EngineError(
      `${this.title} ${what}.${said === "" ? "" : ` It said:\n${said}`}\nThe whole log: ${this.logFile}`,
    );
  }
}

function openLog(path: string): number {
  mkdirSync(dirname(path), { recursive: true });
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > largestLog) {
    rmSync(`${path}.1`, { force: true });
    renameSync(path, `${path}.1`);
  }
  return openSync(path, "a");
}
