import { userInfo } from "node:os";
import { readConsoleAccess } from "@keypulse/infra/console";

/** What went wrong, in words for a person; ends a command with 1. */
export class CommandFault extends Error {
  override name = "CommandFault";
}

export interface ApiClient {
  /** @param version the caller's, where nobody may have changed it meanwhile @throws CommandFault with what the console says */
  call<T>(method: string, path: string, body?: unknown, version?: number): Promise<T>;
  /** A stream of server-sent events as text. @throws CommandFault */
  follow(path: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array>>;
}

/** The console that CONSOLE_URL and KEYPULSE_API_TOKEN name, else the one that `npm start` runs. */
export function connectConsole(environment: NodeJS.ProcessEnv = process.env): ApiClient {
  const started = readConsoleAccess();
  const url = environment.CONSOLE_URL || started?.url;
  const token = environment.KEYPULSE_API_TOKEN || started?.token;
  if (!url || !token) {
    throw new CommandFault("No console runs here: npm start starts one, or set CONSOLE_URL and KEYPULSE_API_TOKEN.");
  }
  const request = async (method: string, path: string, init: RequestInit = {}): Promise<Response> => {
    const headers = { authorization: `Bearer ${token}`, "x-keypulse-user": whoAmI(), ...init.headers };
    const response = await fetch(new URL(path, url), { ...init, method, headers }).catch((error: Error) => {
      const why = (error.cause as Error | undefined)?.message || error.message;
      throw new CommandFault(`The console does not answer at ${url}: ${why}. Is Keypulse running (npm start)?`);
    });
    if (!response.ok) throw new CommandFault(await faultOf(response));
    return response;
  };
  return {
    async call(method, path, body, version) {
      const response = await request(method, path, {
        headers: {
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...(version === undefined ? {} : { "if-match": `"${version}"` }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return text === "" ? undefined : JSON.parse(text);
    },
    async follow(path, signal) {
      return (await request("GET", path, { signal })).body!;
    },
  };
}

async function faultOf(response: Response): Promise<string> {
  const text = await response.text();
  try {
    const { error, detail } = JSON.parse(text) as { error: string; detail?: string };
    const details = detail === undefined ? "" : `:\n  ${detail.split("; ").join("\n  ")}`;
    return `${error.charAt(0).toUpperCase()}${error.slice(1)}${details}`;
  } catch {
    return `The console answered ${response.status}: ${text.slice(0, 200)}`;
  }
}

function whoAmI(): string {
  try {
    return userInfo()
      .username.replace(/[^\x20-\x7e]/g, "?")
      .slice(0, 100);
  } catch {
    return "command line";
  }
}

/** Runs a command: a fault is a sentence, not a stack, and ends it with 1; wrong options end it with 2. */
export async function runCommand(help: string, work: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await work();
  } catch (error) {
    if ((error as { code?: string }).code?.startsWith("ERR_PARSE_ARGS")) {
      console.error(`${(error as Error).message}\n\n${help}`);
      process.exitCode = 2;
    } else if (error instanceof CommandFault) {
      console.error(error.message);
      process.exitCode = 1;
    } else throw error;
  }
}
