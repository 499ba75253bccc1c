import { createInterface } from "node:readline/promises";
import { text as readAll } from "node:stream/consumers";
import { parseArgs } from "node:util";
import type { z } from "zod";
import type { connectorSchema, planAnswerSchema } from "../inputs/answers.ts";
import { type ApiClient, CommandFault, connectConsole, runCommand } from "./apiClient.ts";
import {
  type ListedSource,
  type Rejected,
  type ShownSource,
  sayList,
  sayRejected,
  saySecret,
  saySource,
  sayWiring,
  type Wiring,
  type WithSecret,
} from "./sayings.ts";
import { readSettings, readValue } from "./settingValues.ts";
import { table } from "./table.ts";

const help = `Usage: npm run source -- COMMAND [options]

  list                        all sources and how they are
  connectors                  what can be wired, with each one's settings
  create NAME --connector C   wires a source; a secret made here is shown this once
      [--id ID] [--set name=value]… [--secret S] [--limit REQUESTS_A_SECOND]
  show ID                     where it sends to, how to wire it, what arrived
  edit ID                     changes it
      [--name NAME] [--set name=value]… [--unset name]… [--limit N]
  pause ID, resume ID         what arrives is kept, not counted; counts again
  delete ID [--yes]           takes it away; its events stay
  rotate ID                   a new secret; the old one stays valid for 24 hours
      [--secret S] [--overlap HOURS]
  revoke ID HASH              ends a secret now; show lists their hashes
  test ID                     sends the provider's sample to the real address and follows it
  plan ID                     its tracking plan; --draft [--events N] proposes one, --set FILE sets it, --off takes it away
  rejected ID                 what could not be used [--reason R] [--limit N] [--after CURSOR]

  --json      the console's answer as it is
  --secret -  reads the secret from standard input: other users see what a command line holds
  --set name=@FILE, --secret @FILE  read a file
  --help, -h

The console: CONSOLE_URL and KEYPULSE_API_TOKEN, else the one that npm start runs.`;

const { values, positionals } = readOptions();

function readOptions() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        connector: { type: "string", short: "c" },
        name: { type: "string" },
        id: { type: "string" },
        set: { type: "string", multiple: true, default: [] },
        unset: { type: "string", multiple: true, default: [] },
        secret: { type: "string" },
        limit: { type: "string" },
        overlap: { type: "string" },
        draft: { type: "boolean", default: false },
        events: { type: "string" },
        off: { type: "boolean", default: false },
        reason: { type: "string" },
        after: { type: "string" },
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

type Command = (api: ApiClient, id: string) => Promise<number>;

async function main(): Promise<number> {
  const [name, id] = positionals;
  if (values.help || name === undefined) {
    console.log(help);
    return values.help ? 0 : 2;
  }
  const command = Object.hasOwn(commands, name) ? commands[name as keyof typeof commands] : undefined;
  if (command === undefined) {
    console.error(`There is no command "${name}".\n\n${help}`);
    return 2;
  }
  const needsId = !["list", "connectors"].includes(name) && !(name === "create" && values.name !== undefined);
  if (id === undefined && needsId) {
    console.error(`${name} needs ${name === "create" ? "a name" : "a source's id"}: see npm run source -- --help`);
    return 2;
  }
  return await command(connectConsole(), id ?? "");
}

/** Prints the answer as JSON, or as words for people. */
function print<T>(answer: T, say: (answer: T) => string): void {
  console.log(values.json ? JSON.stringify(answer, null, 2) : say(answer));
}

const at = (id: string, rest = ""): string => `/v1/sources/${encodeURIComponent(id)}${rest}`;

const commands = {
  async list(api) {
    const answer = await api.call<{ sources: ListedSource[] }>("GET", "/v1/sources");
    print(answer.sources, sayList);
    return 0;
  },

  async connectors(api) {
    print(await readConnectors(api), (connectors) =>
      table(
        ["connector", "kind", "secret", "settings", "title"],
        connectors.map(({ name, kind, secret, settings, title }) => [
          name,
          kind,
          secret.origin === "none" ? "none" : `${secret.label} (${secret.origin === "provider" ? "theirs" : "ours"})`,
          namesOf(settings),
          title,
        ]),
      ),
    );
    return 0;
  },

  async create(api, given) {
    const name = values.name ?? given;
    if (values.connector === undefined) throw new CommandFault("--connector is needed: npm run source -- connectors");
    const source = await api.call<WithSecret>("POST", "/v1/sources", {
      name,
      connector: values.connector,
      settings: readSettings(values.set, await schemaOf(api, values.connector)),
      ...(values.id === undefined ? {} : { id: values.id }),
      ...limit(),
      ...(await givenSecret()),
    });
    print(source, (made) => `${saySource(made)}\n${saySecret(made)}`);
    return 0;
  },

  async show(api, id) {
    print(await api.call<ShownSource>("GET", at(id)), saySource);
    return 0;
  },

  async edit(api, id) {
    const before = await api.call<ShownSource>("GET", at(id));
    const settings = { ...before.settings, ...readSettings(values.set, await schemaOf(api, before.connector)) };
    for (const name of values.unset) delete settings[name];
    const changes = {
      ...(values.name === undefined ? {} : { name: values.name }),
      ...(values.set.length + values.unset.length === 0 ? {} : { settings }),
      ...limit(),
    };
    print(await api.call<ShownSource>("PATCH", at(id), changes, before.version), saySource);
    return 0;
  },

  pause: (api, id) => toggle(api, id, "pause"),
  resume: (api, id) => toggle(api, id, "resume"),

  async delete(api, id) {
    const { name } = await api.call<ShownSource>("GET", at(id));
    if (
      !values.yes &&
      !(await confirmed(`Take away ${id} (${name})? Its sender will be refused; its events stay. [y/N] `))
    ) {
      console.log("Nothing was changed.");
      return 1;
    }
    await api.call("DELETE", at(id));
    console.log(`${id} is taken away.`);
    return 0;
  },

  async rotate(api, id) {
    const overlap = values.overlap === undefined ? {} : { overlap_hours: Number(values.overlap) };
    const answer = await api.call<WithSecret>("POST", at(id, "/secrets"), { ...overlap, ...(await givenSecret()) });
    print(answer, (rotated) => {
      const [, old] = rotated.secrets;
      return `${saySecret(rotated)}${old?.expires_at ? `The one before stays valid until ${old.expires_at}.` : "It is the only one that is valid."}`;
    });
    return 0;
  },

  async revoke(api, id) {
    const hash = positionals[2];
    if (hash === undefined) throw new CommandFault("revoke needs the beginning of the secret's hash: see show.");
    const answer = await api.call<ShownSource>("DELETE", at(id, `/secrets/${encodeURIComponent(hash)}`));
    print(answer, ({ secrets }) => `Revoked; ${secrets.length} left.`);
    return 0;
  },

  async test(api, id) {
    const answer = await api.call<Wiring>("POST", at(id, "/test"));
    print(answer, sayWiring);
    return answer.ok ? 0 : 1;
  },

  async plan(api, id) {
    const [file] = values.set;
    if (values.off) {
      await api.call("DELETE", at(id, "/plan"));
      console.log("It has no tracking plan any more.");
    } else if (file !== undefined) {
      const plan = parseJson(readValue(`@${file.replace(/^@/, "")}`), file);
      await api.call("PUT", at(id, "/plan"), plan);
      console.log("The tracking plan is set.");
    } else if (values.draft) {
      const drafted = await api.call<{ plan: object; events: number }>("POST", at(id, "/plan/draft"), {
        ...(values.events === undefined ? {} : { events: Number(values.events) }),
      });
      // The plan alone on standard output: it is meant for a file.
      console.error(
        `Drafted from ${drafted.events} events; look it over, then: npm run source -- plan ${id} --set FILE`,
      );
      console.log(JSON.stringify(drafted.plan, null, 2));
    } else {
      const { plan } = await api.call<z.infer<typeof planAnswerSchema>>("GET", at(id, "/plan"));
      console.log(JSON.stringify(plan, null, 2));
    }
    return 0;
  },

  async rejected(api, id) {
    const query = new URLSearchParams();
    for (const name of ["reason", "limit", "after"] as const) {
      if (values[name] !== undefined) query.set(name, values[name]);
    }
    const page = await api.call<{ rejected: Rejected[]; next: string | null }>("GET", at(id, `/rejected?${query}`));
    print(page, ({ rejected, next }) => sayRejected(rejected, next));
    return 0;
  },
} satisfies Record<string, Command>;

async function toggle(api: ApiClient, id: string, verb: "pause" | "resume"): Promise<number> {
  const answer = await api.call<ShownSource>("POST", at(id, `/${verb}`));
  print(answer, ({ health }) => `${id}: ${health.reason}`);
  return 0;
}

type ListedConnector = z.infer<typeof connectorSchema>;

async function readConnectors(api: ApiClient): Promise<ListedConnector[]> {
  return (await api.call<{ connectors: ListedConnector[] }>("GET", "/v1/connectors")).connectors;
}

async function schemaOf(api: ApiClient, connector: string): Promise<object> {
  if (values.set.length === 0) return {};
  return (await readConnectors(api)).find(({ name }) => name === connector)?.settings ?? {};
}

/** Names of settings, those that must be given with a star. */
function namesOf(schema: Record<string, unknown>): string {
  const required = (schema.required ?? []) as string[];
  const names = Object.keys((schema.properties ?? {}) as object);
  return names.map((name) => (required.includes(name) ? `${name}*` : name)).join(" ") || "-";
}

const limit = () => (values.limit === undefined ? {} : { requests_a_second: Number(values.limit) });

async function givenSecret(): Promise<{ secret?: string }> {
  if (values.secret === undefined) return {};
  return { secret: values.secret === "-" ? (await readAll(process.stdin)).trim() : readValue(values.secret) };
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CommandFault(`${file} is not JSON: ${(error as Error).message}`);
  }
}

async function confirmed(question: string): Promise<boolean> {
  const reader = createInterface({ input: process.stdin, output: process.stdout });
  // Without a terminal, or at Ctrl-D, there is nobody to say yes.
  const nobody = new Promise<string>((resolve) => reader.once("close", () => resolve("")));
  const answer = await Promise.race([reader.question(question), nobody]);
  reader.close();
  return /^y(es)?$/i.test(answer.trim());
}

await runCommand(help, main);
