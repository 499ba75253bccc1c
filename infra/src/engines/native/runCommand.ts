import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

export interface CommandResult {
  /** Exit code; -1 when it could not be started, was killed or ran out of time. */
  readonly code: number;
  readonly output: string;
}

export interface CommandOptions {
  readonly onLine?: (line: string) => void;
  readonly timeoutMs?: number;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a program to its end and gathers what it printed on both outputs. Never throws. */
export function runCommand(
  file: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  return new Promise((resolve) => {
    const lines: string[] = [];
    const child = spawn(file, args, {
      stdio: ["ignore", "pipe", "pipe"],
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      timeout: options.timeoutMs,
      killSignal: "SIGKILL",
    });
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        lines.push(line);
        options.onLine?.(line);
      });
    }
    child.once("error", (error) => resolve({ code: -1, output: error.message }));
    child.once("close", (code) => resolve({ code: code ?? -1, output: lines.join("\n") }));
  });
}
