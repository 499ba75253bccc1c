import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { platform } from "node:os";

/** A process as remembered in a file: the pid alone may have been given to another program since. */
export interface ProcessRef {
  readonly pid: number;
  /** When the process started, in the system's own words. */
  readonly identity: string;
}

/**
 * When the process with this pid started, as an opaque string; undefined when there is none or it is a zombie.
 * Linux: field 22 of /proc/<pid>/stat (proc_pid_stat(5)); elsewhere `ps -o lstart`.
 */
function processIdentity(pid: number): string | undefined {
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  try {
    if (platform() === "linux") {
      const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
      // The command may hold spaces and parentheses: fields are counted from its last ")".
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
    }
    const started = execFileSync("ps", ["-o", "state=,lstart=", "-p", String(pid)], { encoding: "utf8" }).trim();
    return started === "" || started.startsWith("Z") ? undefined : started.replace(/^\S+\s+/, "");
  } catch {
    return undefined;
  }
}

export function processRef(pid: number): ProcessRef | undefined {
  const identity = processIdentity(pid);
  return identity === undefined ? undefined : { pid, identity };
}

export function isAlive(ref: ProcessRef): boolean {
  return processIdentity(ref.pid) === ref.identity;
}

/** Ends a remembered process: SIGTERM, then SIGKILL after `graceMs`. Does nothing when it is gone already. */
export async function endProcess(ref: ProcessRef, graceMs: number): Promise<void> {
  const deadline = Date.now() + graceMs;
  let signal: NodeJS.Signals = "SIGTERM";
  let sent: NodeJS.Signals | undefined;
  while (isAlive(ref)) {
    if (Date.now() >= deadline) signal = "SIGKILL";
    if (sent !== signal) {
      sent = signal;
      try {
        process.kill(ref.pid, signal);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
      }
    }
    if (Date.now() >= deadline + 5_000) throw new Error(`process ${ref.pid} does not end`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
