import { createInterface } from "node:readline/promises";
import { parseArgs } from "node:util";
import { type ApiClient, connectConsole, runCommand } from "./apiClient.ts";
import {
  type Decided,
  type Ledger,
  type ListedDecision,
  type ReviewItem,
  sayDecided,
  sayDecisions,
  sayLedger,
  sayReview,
} from "./identitySayings.ts";

const help = `Usage: npm run identity -- COMMAND [options]

  review                      what no machine may join, with the evidence [--limit N]
  show IDENTIFIER             whose it is and why: every link with rule, event and time
  merge A B                   two contacts are one person, or two clients one company
  unmerge A B                 they are not, whatever events say
  move CONTACT CLIENT         a person belongs to a client [--since DATE; else from the beginning]
  set-aside A                 a value that names nobody: a shared mailbox, a switchboard
  release A                   it names somebody after all
  decisions                   what people decided
  undo ID                     takes a decision back, exactly

  An identifier is its kind, a colon and its value: email:ana@acme.example, account_id:4711

  --reason TEXT  why, for those who come after
  --preview      say what would move, change nothing
  --yes, -y      don't ask
  --json         the console's answer as it is
  --help, -h

Nothing is lost by a decision: events stay as they are, and only whose they are is told anew.
The console: CONSOLE_URL and KEYPULSE_API_TOKEN, else the one that npm start runs.`;

const { values, positionals } = readOptions();

function readOptions() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        since: { type: "string" },
        reason: { type: "string", default: "" },
        limit: { type: "string", default: "50" },
        preview: { type: "boolean", default: false },
        yes: { type: "boolean", short: "y", default: false },
        json: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${help}`);
    process.exit(2);
  }
}

type Command = (api: ApiClient, given: readonly string[]) => Promise<number>;

function print<T>(answer: T, say: (answer: T) => string): void {
  console.log(values.json ? JSON.stringify(answer, null, 2) : say(answer));
}

/** Shows what would move, asks, and does it. */
async function decide(api: ApiClient, path: string, body: Record<string, unknown>): Promise<number> {
  if (values.preview || !values.yes) {
    const preview = await api.call<Decided>("POST", path, { ...body, preview: true });
    if (values.preview) {
      print(preview, sayDecided);
      return 0;
    }
    console.error(sayDecided(preview));
    if (!(await agrees())) {
      console.error("Nothing was changed.");
      return 1;
    }
  }
  print(await api.call<Decided>("POST", path, body), sayDecided);
  return 0;
}

async function agrees(): Promise<boolean> {
  if (!process.stdin.isTTY) {
    console.error("Add --yes to do this without being asked.");
    return false;
  }
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await prompt.question("Do it? (y/N) ").finally(() => prompt.close());
  return /^y(es)?$/i.test(answer.trim());
}

const decision =
  (kind: string): Command =>
  async (api, [left, right]) =>
    await decide(api, "/v1/identity/decisions", {
      kind,
      left,
      ...(right === undefined ? {} : { right }),
      ...(values.since === undefined ? {} : { since: readTime(values.since) }),
      reason: values.reason,
    });

/** A day means its beginning in this machine's zone. */
function readTime(text: string): string {
  const time = new Date(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00` : text);
  if (Number.isNaN(time.getTime())) {
    console.error(`--since ${text} is no date: write it as 2026-01-31, or with time and zone.`);
    process.exit(2);
  }
  return time.toISOString();
}

/** How many identifiers (or ids) each takes. */
const commands: Record<string, { takes: number; run: Command }> = {
  review: {
    takes: 0,
    run: async (api) => {
      const limit = encodeURIComponent(values.limit);
      const { items } = await api.call<{ items: ReviewItem[] }>("GET", `/v1/identity/review?limit=${limit}`);
      print(items, sayReview);
      return 0;
    },
  },
  show: {
    takes: 1,
    run: async (api, [identifier]) => {
      print(
        await api.call<Ledger>("GET", `/v1/identity/ledger?identifier=${encodeURIComponent(identifier!)}`),
        sayLedger,
      );
      return 0;
    },
  },
  decisions: {
    takes: 0,
    run: async (api) => {
      const { decisions } = await api.call<{ decisions: ListedDecision[] }>("GET", "/v1/identity/decisions");
      print(decisions, sayDecisions);
      return 0;
    },
  },
  merge: { takes: 2, run: decision("merge") },
  unmerge: { takes: 2, run: decision("unmerge") },
  move: { takes: 2, run: decision("move") },
  "set-aside": { takes: 1, run: decision("set_aside") },
  release: { takes: 1, run: decision("release") },
  undo: {
    takes: 1,
    run: async (api, [id]) => await decide(api, `/v1/identity/decisions/${encodeURIComponent(id!)}/undo`, {}),
  },
};

await runCommand(help, async () => {
  const [name, ...given] = positionals;
  if (values.help || name === undefined) {
    console.log(help);
    return values.help ? 0 : 2;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) {
    console.error(`There is no command "${name}".\n\n${help}`);
    return 2;
  }
  if (given.length !== command.takes) {
    const wanted = ["nothing more", "one value", "two identifiers"][command.takes];
    console.error(`${name} takes ${wanted}: see npm run identity -- --help`);
    return 2;
  }
  return await command.run(connectConsole(), given);
});
