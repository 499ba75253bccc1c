import { createServer } from "node:net";
import { EngineError } from "./engineError.ts";

/**
 * Free loopback ports below the range that systems give to outgoing connections (from 32768 on Linux): a port in that
 * range may be taken, or connected to itself, while an engine that a test killed is away.
 */
export async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  for (let tries = 0; found.size < count && tries < 1_000; tries++) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if (!found.has(port) && (await isFree(port))) found.add(port);
  }
  if (found.size < count) throw new EngineError("No free ports between 20000 and 32000 on the loopback address.");
  return [...found];
}

/** A port that an engine listens on, and the variable that changes it. */
export interface Port {
  readonly number: number;
  readonly variable: string;
}

/** @throws EngineError naming the port and the variable that changes it */
export async function requireFree(port: Port, engine: string): Promise<void> {
  if (await isFree(port.number)) return;
  throw new EngineError(
    `${engine} needs port ${port.number}, which another program uses; end that program or set ${port.variable} to a ` +
      "free port.",
  );
}

/** The port in an environment variable, or the default. */
export function portSetting(variable: string, defaultPort: number): Port {
  const value = process.env[variable];
  if (value === undefined || value === "") return { number: defaultPort, variable };
  const number = Number(value);
  if (Number.isInteger(number) && number > 0 && number < 65_536) return { number, variable };
  throw new EngineError(`${variable} must be a port number, but is "${value}".`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(true)));
  });
}
