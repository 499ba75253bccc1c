import { createWriteStream, mkdirSync, renameSync, rmSync, statSync, type WriteStream } from "node:fs";
import { join } from "node:path";
import { prettyFactory } from "pino-pretty";

export interface ServiceLog {
  /** Takes one JSON line of a service or of its supervisor. */
  take(line: string): void;
  /** A line of `npm start` itself, shown always. */
  say(message: string, details?: object): void;
  /** From now on everything is shown, or warnings and errors alone. */
  show(what: "all" | "warnings"): void;
  close(): Promise<void>;
}

export interface ServiceLogOptions {
  /** Everything goes to `<service>.log` here. */
  readonly folder: string;
  readonly pretty: boolean;
  readonly line: (text: string) => void;
}

const largestLog = 10_000_000;
const warnings = new Set(["warn", "error", "fatal"]);

/** Services' logs: all of it to files, and as much of it on the screen as a person wants just then. */
export function createServiceLog({ folder, pretty, line }: ServiceLogOptions): ServiceLog {
  const format = pretty
    ? prettyFactory({
        colorize: !process.env.NO_COLOR,
        ignore: "pid,hostname,service",
        messageFormat: "{service}: {msg}",
        translateTime: "SYS:HH:MM:ss",
        singleLine: true,
      })
    : (text: string) => text;
  const write = (json: string): void => line(format(json).trimEnd());
  const files = new Map<string, WriteStream>();
  let shown: "all" | "warnings" = "warnings";
  return {
    take: (text) => {
      const { level, service, kafka } = JSON.parse(text) as { level?: string; service?: string; kafka?: string };
      const name = /^[a-z][a-z-]*$/.test(service ?? "") ? service! : "services";
      let file = files.get(name);
      if (!file) {
        file = openLog(folder, name);
        files.set(name, file);
      }
      file.write(`${text}\n`);
      // kafkajs calls an error what it tries again at once, such as a broker that has only just come up.
      if (shown === "all" || (warnings.has(level ?? "") && kafka === undefined)) write(text);
    },
    say: (msg, details) => {
      const entry = {
        level: "info",
        time: new Date().toISOString(),
        service: "keypulse",
        ...(pretty ? {} : details),
        msg,
      };
      write(JSON.stringify(entry));
    },
    show: (what) => {
      shown = what;
    },
    close: async () => {
      await Promise.all([...files.values()].map((file) => new Promise<void>((resolve) => file.end(resolve))));
    },
  };
}

function openLog(folder: string, name: string): WriteStream {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${name}.log`);
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > largestLog) {
    rmSync(`${path}.1`, { force: true });
    renameSync(path, `${path}.1`);
  }
  return createWriteStream(path, { flags: "a" });
}
