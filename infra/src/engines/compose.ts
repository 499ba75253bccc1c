import { fileURLToPath } from "node:url";
import { EngineError } from "./engineError.ts";
import { runCommand } from "./native/runCommand.ts";
import type { Step } from "./steps.ts";

/** The services kafka, clickhouse and redis; ports, passwords and grants come from the environment. */
export const composeFile = fileURLToPath(new URL("../../compose.yaml", import.meta.url));
const dockerAnswersWithinMs = 3_000;

/** Whether a Docker engine answers; the `docker` command alone is no sign of one. */
export async function dockerAnswers(): Promise<boolean> {
  const { code } = await runCommand("docker", ["info"], { timeoutMs: dockerAnswersWithinMs });
  return code === 0;
}

export async function composeIsInstalled(): Promise<boolean> {
  const { code } = await runCommand("docker", ["compose", "version"], { timeoutMs: dockerAnswersWithinMs });
  return code === 0;
}

/** Starts services of compose.yaml and waits until they are healthy; images are pulled when missing. */
export async function composeUp(
  services: readonly string[],
  environment: Readonly<Record<string, string>>,
  step: Step,
): Promise<void> {
  const { code, output } = await compose(["up", "--detach", "--wait", ...services], environment, (line) =>
    step.progress(line.trim().slice(0, 60)),
  );
  if (code !== 0) throw new EngineError(`docker compose could not start ${services.join(", ")}:\n${lastLines(output)}`);
}

export async function composeStop(services: readonly string[]): Promise<void> {
  const { code, output } = await compose(["stop", ...services]);
  if (code !== 0) throw new EngineError(`docker compose could not stop ${services.join(", ")}:\n${lastLines(output)}`);
}

/** Names of the volumes that hold what the services stored. */
export async function composeVolumes(): Promise<readonly string[]> {
  const filter = "label=com.docker.compose.project=keypulse";
  const { code, output } = await runCommand("docker", ["volume", "ls", "--quiet", "--filter", filter]);
  return code === 0 ? output.split("\n").filter((name) => name !== "") : [];
}

/** Removes the containers with all that they stored. */
export async function composeRemove(): Promise<void> {
  const { code, output } = await compose(["down", "--volumes"]);
  if (code !== 0) throw new EngineError(`docker compose could not remove its volumes:\n${lastLines(output)}`);
}

function compose(args: readonly string[], env: Readonly<Record<string, string>> = {}, onLine?: (line: string) => void) {
  return runCommand("docker", ["compose", "--file", composeFile, "--progress", "plain", ...args], {
    env,
    ...(onLine && { onLine }),
  });
}

function lastLines(output: string): string {
  return output.trim().split("\n").slice(-8).join("\n");
}
