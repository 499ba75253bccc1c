import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { z } from "zod";
import type { membersSchema, Preview, sizesSchema } from "../inputs/segmentReading.ts";
import type { ShownSegment } from "../inputs/segmentRoutes.ts";
import { type ApiClient, CommandFault, connectConsole, runCommand } from "./apiClient.ts";
import { facts, styled, table } from "./table.ts";

const help = `Usage: npm run segment -- COMMAND [options]

  list                           all segments and how large they are
  create NAME (--where SQL | --fields FILE)   [--id ID] [--description TEXT]
  try (--where SQL | --fields FILE)           how many clients, and twenty of them; keeps nothing
  show ID                        its condition and how it grew
  edit ID                        [--name NAME] [--description TEXT] [--where SQL | --fields FILE]
  members ID                     who is in it [--limit N] [--after CLIENT_ID]
  delete ID --yes                takes it away; all its members leave it

  --where SQL    a condition over columns of the view clients, such as "revenue_365d > 1000 AND active_30d = 0"
  --fields FILE  the same without SQL: {"all": [{"field": "orders", "op": ">=", "value": 3}]}
  --json         the console's answer as it is
  --help, -h

A segment is evaluated every minute; who enters and leaves is published on the topic keypulse.segments.
The console: CONSOLE_URL and KEYPULSE_API_TOKEN, else the one that npm start runs.`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      where: { type: "string", short: "w" },
      fields: { type: "string" },
      id: { type: "string" },
      name: { type: "string" },
      description: { type: "string" },
      limit: { type: "string" },
      after: { type: "string" },
      yes: { type: "boolean", short: "y", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const [name, subject] = positionals;
  if (values.help || name === undefined) {
    console.log(help);
    return values.help ? 0 : 2;
  }
  const command = Object.hasOwn(commands, name) ? commands[name as keyof typeof commands] : undefined;
  if (command === undefined || (subject === undefined && !["list", "try"].includes(name))) {
    console.error(
      `${command ? `${name} needs ${name === "create" ? "a name" : "a segment's id"}` : `There is no command "${name}"`}.\n\n${help}`,
    );
    return 2;
  }
  const { where, fields, json, yes } = values;
  if (where !== undefined && fields !== undefined) throw new CommandFault("--where or --fields, not both.");
  const condition =
    where !== undefined ? { sql: where } : fields !== undefined ? { fields: readFields(fields) } : undefined;
  const given = { id: values.id, name: values.name, description: values.description, condition };
  const page = new URLSearchParams(
    Object.entries({ limit: values.limit, after: values.after }).filter((pair): pair is [string, string] => !!pair[1]),
  );
  const print: Print = (answer, say) => console.log(json ? JSON.stringify(answer, null, 2) : say(answer));
  return await command(connectConsole(), { subject: subject ?? "", given, page, yes, print });
}

type Print = <T>(answer: T, say: (answer: T) => string) => void;

interface Asked {
  readonly subject: string;
  readonly given: {
    id?: string | undefined;
    name?: string | undefined;
    description?: string | undefined;
    condition?: object | undefined;
  };
  readonly page: URLSearchParams;
  readonly yes: boolean;
  readonly print: Print;
}

const at = (id: string, rest = ""): string => `/v1/segments/${encodeURIComponent(id)}${rest}`;

const needed = (condition: object | undefined): object => {
  if (condition === undefined) throw new CommandFault("--where SQL or --fields FILE is needed.");
  return condition;
};

const commands = {
  async list(api: ApiClient, { print }: Asked) {
    print(await api.call<{ segments: ShownSegment[] }>("GET", "/v1/segments"), ({ segments }) =>
      segments.length === 0
        ? "No segment is made yet: npm run segment -- create --help"
        : table(
            ["segment", "clients", "name", "condition"],
            segments.map((one) => [one.id, String(one.clients), one.name, sayCondition(one)]),
          ),
    );
    return 0;
  },

  async create(api: ApiClient, { subject, given, print }: Asked) {
    const body = { ...given, name: given.name ?? subject, condition: needed(given.condition) };
    const made = await api.call<ShownSegment>("POST", "/v1/segments", body);
    const { clients } = await api.call<Preview>("POST", "/v1/segments/preview", { condition: made.condition });
    print(made, ({ id }) => `${styled("bold", id)} is made; ${clients} clients will be in it within a minute.`);
    return 0;
  },

  async try(api: ApiClient, { given, print }: Asked) {
    const preview = await api.call<Preview>("POST", "/v1/segments/preview", { condition: needed(given.condition) });
    print(preview, ({ clients, examples }) =>
      [
        `${clients} ${clients === 1 ? "client" : "clients"}`,
        ...(clients === 0
          ? []
          : [
              table(
                ["client", "revenue of a year", "last order"],
                examples.map((one) => [one.name, String(one.revenue_365d), one.last_order ?? "never"]),
              ),
            ]),
      ].join("\n"),
    );
    return 0;
  },

  async show(api: ApiClient, { subject, print }: Asked) {
    const segment = await api.call<ShownSegment>("GET", at(subject));
    const { sizes } = await api.call<z.infer<typeof sizesSchema>>("GET", at(subject, "/sizes?limit=20"));
    print({ ...segment, sizes }, () =>
      [
        styled("bold", segment.id),
        facts([
          ["name", segment.name],
          ["description", segment.description],
          ["condition", sayCondition(segment)],
          ["clients", String(segment.clients)],
          ["changed", segment.updated_at],
        ]),
        ...(sizes.length === 0
          ? []
          : [
              "",
              table(
                ["at", "clients", "entered", "left"],
                sizes.map((size) => [size.at, String(size.clients), String(size.entered), String(size.left)]),
              ),
            ]),
      ].join("\n"),
    );
    return 0;
  },

  async edit(api: ApiClient, { subject, given, print }: Asked) {
    const { version } = await api.call<ShownSegment>("GET", at(subject));
    const { id: _id, ...edit } = given;
    print(await api.call<ShownSegment>("PATCH", at(subject), edit, version), ({ id }) => `${id} is changed.`);
    return 0;
  },

  async members(api: ApiClient, { subject, page, print }: Asked) {
    print(await api.call<z.infer<typeof membersSchema>>("GET", at(subject, `/members?${page}`)), ({ members, next }) =>
      members.length === 0
        ? "Nobody is in it."
        : [
            table(
              ["client", "since", "name"],
              members.map((one) => [one.client_id, one.since, one.name]),
            ),
            ...(next === null ? [] : [`There is more: --after ${next}`]),
          ].join("\n"),
    );
    return 0;
  },

  async delete(api: ApiClient, { subject, yes }: Asked) {
    if (!yes) throw new CommandFault("All its members will leave it, which is published. To do it, add --yes.");
    await api.call("DELETE", at(subject));
    console.log(`${subject} is taken away.`);
    return 0;
  },
};

const sayCondition = ({ condition }: ShownSegment): string =>
  "sql" in condition ? condition.sql.replace(/\s+/g, " ") : JSON.stringify(condition.fields);

function readFields(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new CommandFault(`${file} can't be read as JSON: ${(error as Error).message}`);
  }
}

await runCommand(help, main);
