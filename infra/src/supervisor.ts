import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { prettyFactory } from "pino-pretty";
import { endWithUs } from "./engines/native/reaper.ts";

export interface ServiceSpec {
  /** Shown in logs; one name an instance. */
  readonly name: string;
  /** A script that Node runs as it is. */
  readonly file: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Where it answers /ready; handed to it as PORT. */
  readonly port: number;
}

export interface SupervisorOptions {
  readonly services: readonly ServiceSpec[];
  /** Takes one line at a time, from the services and from the supervisor. */
  readonly line: (text: string) => void;
  /** Lines for people instead of JSON. */
  readonly pretty: boolean;
  /** From SIGTERM to SIGKILL, for each service. */
  readonly stopTimeoutMs?: number;
  readonly backoff?: Backoff;
}

/** Pause before the nth start in a row: `firstMs` doubled n times up to `maxMs`, times a random 0.5 to 1. */
interface Backoff {
  readonly firstMs: number;
  readonly maxMs: number;
  /** A service that ran this long starts again at `firstMs`. */
  readonly steadyAfterMs: number;
}

interface ServiceStatus {
  readonly name: string;
  readonly url: string;
  /** Undefined between an end and the next start. */
  readonly pid: number | undefined;
  readonly restarts: number;
  /** It refused its settings (exit code 78) and is not started again. */
  readonly refused: boolean;
}

export interface Supervisor {
  start(): void;
  /** Resolves when every service answers /ready with 200. @throws Error naming those that don't, with what they say */
  ready(timeoutMs: number): Promise<void>;
  status(): readonly ServiceStatus[];
  /** Stops the services one after the other in the order given: what feeds others first. */
  stop(): Promise<void>;
}

/** EX_CONFIG of sysexits.h: what services end with when their settings are at fault, which no restart mends. */
const settingsRefused = 78;

const defaultBackoff: Backoff = { firstMs: 500, maxMs: 30_000, steadyAfterMs: 60_000 };

/** Keeps services running as processes of their own. They end with this process, however it ends. */
export function supervise(options: SupervisorOptions): Supervisor {
  const log = createLog(options);
  const services = options.services.map((spec) => new SupervisedService(spec, options, log));
  return {
    start: () => {
      for (const service of services) service.start();
    },
    ready: async (timeoutMs) => {
      await Promise.all(services.map((service) => service.ready(timeoutMs)));
    },
    status: () => services.map((service) => service.status()),
    stop: async () => {
      for (const service of services) service.stayDown();
      for (const service of services) await service.stop();
    },
  };
}

class SupervisedService {
  readonly #spec: ServiceSpec;
  readonly #backoff: Backoff;
  readonly #stopTimeoutMs: number;
  readonly #log: Log;
  #child: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();
  #pause: NodeJS.Timeout | undefined;
  #down = false;
  #restarts = 0;
  #failuresInARow = 0;
  #refused = false;

  constructor(spec: ServiceSpec, options: SupervisorOptions, log: Log) {
    this.#spec = spec;
    this.#backoff = options.backoff ?? defaultBackoff;
    this.#stopTimeoutMs = options.stopTimeoutMs ?? 30_000;
    this.#log = log;
  }

  get #url(): string {
    return `http://127.0.0.1:${this.#spec.port}`;
  }

  status(): ServiceStatus {
    return {
      name: this.#spec.name,
      url: this.#url,
      pid: this.#child?.pid,
      restarts: this.#restarts,
      refused: this.#refused,
    };
  }

  start(): void {
    const { name, file, args = [], env = {}, port } = this.#spec;
    // A session of its own: Ctrl-C in a terminal must reach the supervisor alone, which stops services in order.
    const child = spawn(process.execPath, [file, ...args], {
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...env, PORT: String(port) },
    });
    this.#child = child;
    const began = Date.now();
    const forget = child.pid === undefined ? () => undefined : endWithUs(child.pid);
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => this.#log.output(name, line));
    }
    child.once("error", (error) => this.#log.own("error", name, `could not be started: ${error.message}`));
    this.#ended = new Promise((resolve) => {
      child.once("close", (code, signal) => {
        forget();
        this.#child = undefined;
        resolve();
        this.#refused = code === settingsRefused;
        if (this.#refused) this.#log.own("error", name, "refused its settings and is not started again");
        else if (!this.#down) this.#startAgain(signal ?? `exit code ${code}`, Date.now() - began);
      });
    });
  }

  #startAgain(how: string, ranMs: number): void {
    const { firstMs, maxMs, steadyAfterMs } = this.#backoff;
    if (ranMs >= steadyAfterMs) this.#failuresInARow = 0;
    const pauseMs = Math.min(maxMs, firstMs * 2 ** this.#failuresInARow) * (0.5 + Math.random() / 2);
    this.#failuresInARow++;
    this.#restarts++;
    this.#log.own("warn", this.#spec.name, `ended (${how}), starting again in ${(pauseMs / 1000).toFixed(1)} s`);
    this.#pause = setTimeout(() => this.start(), pauseMs);
  }

  async ready(timeoutMs: number): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    let said = "nothing answers";
    while (!this.#down && !this.#refused) {
      try {
        const response = await fetch(`${this.#url}/ready`, { signal: AbortSignal.timeout(2_000) });
        said = (await response.text()).trim();
        if (response.ok) return;
      } catch {
        // Not listening yet.
      }
      if (Date.now() > deadline) break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const { name } = this.#spec;
    if (this.#down) throw new Error(`${name} was stopped`);
    if (this.#refused) throw new Error(`${name} refused its settings`);
    throw new Error(`${name} is not ready at ${this.#url}/ready: ${said}`);
  }

  /** From now on an end is an end. */
  stayDown(): void {
    this.#down = true;
    clearTimeout(this.#pause);
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (!child) return;
    child.kill("SIGTERM");
    const timer = setTimeout(() => {
      this.#log.own("warn", this.#spec.name, `did not stop within ${this.#stopTimeoutMs} ms and was killed`);
      child.kill("SIGKILL");
    }, this.#stopTimeoutMs);
    await this.#ended;
    clearTimeout(timer);
  }
}

interface Log {
  /** A line that a service printed: JSON, or whatever a crash leaves. */
  output(service: string, line: string): void;
  own(level: "info" | "warn" | "error", service: string, message: string): void;
}

function createLog(options: SupervisorOptions): Log {
  const format = options.pretty
    ? prettyFactory({
        colorize: !process.env.NO_COLOR,
        ignore: "pid,hostname,service",
        messageFormat: "{service}: {msg}",
        translateTime: "SYS:HH:MM:ss",
        singleLine: true,
      })
    : (line: string) => line;
  const write = (json: string): void => options.line(format(json).trimEnd());
  const line = (level: string, service: string, msg: string): string =>
    JSON.stringify({ level, time: new Date().toISOString(), service, msg });
  return {
    output: (service, text) => {
      if (text.trim() !== "") write(text.startsWith("{") ? text : line("error", service, text));
    },
    own: (level, service, message) => write(line(level, service, message)),
  };
}
