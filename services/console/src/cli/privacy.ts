import { createInterface } from "node:readline/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type ApiClient, connectConsole, runCommand } from "./apiClient.ts";
import { facts, styled, table } from "./table.ts";

const help = `Usage: npm run privacy -- COMMAND [options]

  export IDENTIFIER   all that is kept of a person or a client, a JSON object a line, to standard output
  erase IDENTIFIER    takes them out of everything for good; what comes later of them is not taken
  erasures            what was erased, with the proof

  An identifier is its kind, a colon and its value: email:ana@acme.example erases a person, account_id:4711 a client
  with its people.

  --reason TEXT  kept with the proof; name nobody in it
  --preview      say what would be taken away, change nothing
  --yes, -y      don't ask
  --json         the console's answer as it is
  --help, -h

An erasure can't be undone. The console: CONSOLE_URL and KEYPULSE_API_TOKEN, else the one that npm start runs.`;

interface Preview {
  id: string | null;
  subject: string;
  identifiers: string[];
  rows: Record<string, number>;
  kept: string;
}
interface Erasure {
  id: string;
  subject: string;
  state: string;
  erased: Record<string, number>;
  reason: string;
  who: string;
  requested_at: string;
  done_at: string | null;
}

const { values, positionals } = readOptions();

function readOptions() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        reason: { type: "string", default: "" },
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

const counted = (rows: Record<string, number>): string =>
  Object.entries(rows)
    .map(([name, count]) => `${count.toLocaleString("en")} ${name}`)
    .join("\n") || "nothing";

function sayPreview({ subject, identifiers, rows, kept }: Preview): string {
  return facts([
    ["who", `a ${subject}`],
    ["identifiers", identifiers.join("\n")],
    ["rows", counted(rows)],
    ["stays", kept.replaceAll(". ", ".\n")],
  ]);
}

async function erase(api: ApiClient, identifier: string): Promise<number> {
  const body = { identifier, reason: values.reason };
  const preview = await api.call<Preview>("POST", "/v1/privacy/erasures", { ...body, preview: true });
  if (values.preview) {
    console.log(values.json ? JSON.stringify(preview, null, 2) : sayPreview(preview));
    return 0;
  }
  console.error(sayPreview(preview));
  if (!values.yes && !(await agrees())) {
    console.error("Nothing was erased.");
    return 1;
  }
  const { id } = await api.call<Preview>("POST", "/v1/privacy/erasures", body);
  const done = await untilDone(api, id!);
  console.log(
    values.json
      ? JSON.stringify(done, null, 2)
      : `${styled("green", "✓")} Erased; nothing is found any more. Proof: ${done.id}\n${facts([["taken away", counted(done.erased)]])}`,
  );
  return 0;
}

async function untilDone(api: ApiClient, id: string): Promise<Erasure> {
  const began = Date.now();
  for (;;) {
    const erasure = await api.call<Erasure>("GET", `/v1/privacy/erasures/${id}`);
    if (process.stderr.isTTY) {
      process.stderr.write(
        `\r  erasing: ${Math.round((Date.now() - began) / 1000)} s (workers are told first) …\u001b[K`,
      );
    }
    if (erasure.state === "done") {
      if (process.stderr.isTTY) process.stderr.write("\r\u001b[K");
      return erasure;
    }
    await sleep(1_000);
  }
}

async function agrees(): Promise<boolean> {
  if (!process.stdin.isTTY) {
    console.error("Add --yes to do this without being asked.");
    return false;
  }
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await prompt.question("Erase them for good? Write erase: ").finally(() => prompt.close());
  return answer.trim() === "erase";
}

await runCommand(help, async () => {
  const [name, identifier] = positionals;
  if (values.help || name === undefined) {
    console.log(help);
    return values.help ? 0 : 2;
  }
  if (name === "erasures") {
    const { erasures } = await connectConsole().call<{ erasures: Erasure[] }>("GET", "/v1/privacy/erasures");
    if (values.json) console.log(JSON.stringify(erasures, null, 2));
    else if (erasures.length === 0) console.log("Nobody was erased yet.");
    else {
      console.log(
        table(
          ["requested", "by", "who", "state", "rows", "reason", "id"],
          erasures.map((one) => [
            one.requested_at,
            one.who,
            one.subject,
            one.done_at === null ? one.state : `done ${one.done_at}`,
            Object.values(one.erased)
              .reduce((sum, count) => sum + count, 0)
              .toLocaleString("en"),
            one.reason,
            one.id,
          ]),
        ),
      );
    }
    return 0;
  }
  if ((name !== "export" && name !== "erase") || identifier === undefined) {
    console.error(
      name === "export" || name === "erase"
        ? `${name} needs an identifier, such as email:ana@acme.example`
        : `There is no command "${name}".\n\n${help}`,
    );
    return 2;
  }
  const api = connectConsole();
  if (name === "erase") return await erase(api, identifier);
  const stream = await api.follow(
    `/v1/privacy/export?identifier=${encodeURIComponent(identifier)}`,
    new AbortController().signal,
  );
  for await (const chunk of stream) process.stdout.write(chunk);
  return 0;
});
