import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkout } from "../folder.ts";
import { fitCommand } from "./command.ts";

const run = promisify(execFile);

let folder: string;
/** The CDNOW sample as a person might have it: semicolons, columns in another case and order, packed. */
let cdnow: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "keypulse-fit-"));
  const published = await readFile(join(checkout, "packages/methods/test-data/cdnow-transactions.txt"), "utf8");
  const rows = published
    .trim()
    .split("\n")
    .map((line) => {
      const [, client, date, , dollars] = line.trim().split(/\s+/);
      return `${date};${dollars!.replace(".", ",")};${client}`;
    });
  cdnow = await write("cdnow.csv.gz", gzipSync(["Time;AMOUNT;Client", ...rows].join("\r\n")));
});
afterAll(async () => await rm(folder, { recursive: true, force: true }));

async function write(name: string, content: string | Buffer): Promise<string> {
  await writeFile(join(folder, name), content);
  return join(folder, name);
}

function sink() {
  const held: string[] = [];
  const stream = new Writable({
    write: (chunk, _, done) => {
      held.push(String(chunk));
      done();
    },
  });
  return { stream, text: () => held.join("") };
}

async function fit(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const [stdout, stderr] = [sink(), sink()];
  const code = await fitCommand(args, { stdout: stdout.stream, stderr: stderr.stream, folder });
  return { code, stdout: stdout.text(), stderr: stderr.text() };
}

describe("npm run fit", () => {
  it("fits MBG/CNBD-k and compares the hold-out, for people", async () => {
    const { code, stdout } = await fit("--csv", cdnow, "--cutoff", "1997-09-30");
    expect(code).toBe(0);
    expect(stdout).toContain("MBG/CNBD-k (Platzer & Reutterer 2016), k = 1\n");
    expect(stdout).toContain(
      "2,357 clients, 946 of them with repeats, 2,457 repeat purchases, 1997-01-01 to 1997-09-30",
    );
    expect(stdout).toContain("log-likelihood -9,582.14");
    expect(stdout).toMatch(/\nalpha +6\.183 /);
    expect(stdout).toContain("purchases: 1,882 came, 1,576.7 were expected (−16.2 %)");
  });

  it("is a command of its own, which starts nothing", async () => {
    const bootstrap = join(checkout, "infra/bootstrap.mjs");
    const environment = { ...process.env, INIT_CWD: folder, KEYPULSE_FOLDER: join(folder, "untouched") };
    const { stdout } = await run(process.execPath, [bootstrap, "fit", "--csv", "cdnow.csv.gz", "--model", "nbd"], {
      env: environment,
    });
    expect(stdout).toContain("NBD (Ehrenberg 1959)");
    await expect(readdir(folder)).resolves.toEqual(["cdnow.csv.gz"]);
  });

  it("gives all of it as JSON, every client included, and as CSV; the same again for the same file", async () => {
    const args = ["--csv", cdnow, "--model", "pareto-nbd", "--cutoff", "1997-09-30", "--json", "--out", "scores.csv"];
    const [first, again] = [await fit(...args), await fit(...args)];
    expect(again.stdout).toBe(first.stdout);
    const { holdOut, clientScores, ...report } = JSON.parse(first.stdout);
    expect(report).toMatchObject({
      model: "pareto-nbd",
      unit: "week",
      clients: 2357,
      converged: true,
      file: { rows: 6919, refused: 0 },
    });
    expect(report.parameters.r).toBeCloseTo(0.553, 3);
    expect(holdOut).toMatchObject({ actual: 1882, horizon: 39, to: "1998-06-30" });
    expect(holdOut.correlation).toBeCloseTo(0.63, 3);
    expect(clientScores).toHaveLength(2357);
    expect(clientScores[0]).toMatchObject({ client: "0001", x: 2, actual: 1 });
    const sum = clientScores.reduce((total: number, { expected }: { expected: number }) => total + expected, 0);
    expect(sum).toBeCloseTo(holdOut.expected, 6);
    const rows = (await readFile(join(folder, "scores.csv"), "utf8")).trim().split("\n");
    expect(rows[0]).toBe("client,x,t_x,T,p_alive,expected,actual");
    expect(rows).toHaveLength(2358);
  });

  it("fits amounts by gamma-gamma, and takes mbg-nbd for mbg-cnbd-k with k = 1", async () => {
    const amounts = await fit("--csv", cdnow, "--model", "gamma-gamma", "--until", "1997-09-30", "--json");
    expect(JSON.parse(amounts.stdout).logLikelihood).toBeCloseTo(-4055.92, 1);
    const { stdout } = await fit("--csv", cdnow, "--model", "mbg-nbd", "--unit", "day");
    expect(stdout).toContain("mbg-nbd is MBG/NBD (Batislam et al. 2007), which is mbg-cnbd-k with k = 1.");
    expect(stdout).not.toContain("by k:");
  });

  it("tells rows that can't be used, with line and column, and goes on with the others", async () => {
    const file = await write(
      "rows.csv",
      "Client\tAt\tAmount\na\t2020-01-01\t5\n\t2020-01-02\t5\n\nb\t1.2.2020\t5\nb\t2020-02-01\tfive\nb\t2020-02-01\t5\t6\na\t2020-01-08\t7\na\t2020-01-20\t9\na\t2020-01-09\t-7\nb\t2020-01-08\t\nc\t2020-01-03T23:30-01:00\t4\n",
    );
    const { code, stdout } = await fit(file, "--columns", "time=at", "--model", "nbd", "--unit", "day");
    expect(code).toBe(0);
    expect(stdout).toContain("2 clients, 1 of them with repeats, 2 repeat purchases, 2020-01-01 to 2020-01-20");
    expect(stdout).toContain("1 of 10 rows have an amount below zero and are no purchases.");
    expect(stdout).toContain(
      [
        "5 of 10 rows could not be used:",
        "  line 3, column 1 (client): is empty",
        '  line 5, column 2 (at): "1.2.2020" is no ISO 8601 time such as 2026-01-31 or 2026-01-31T09:30:00Z',
        '  line 6, column 3 (amount): "five" is no number such as 1234.50',
        "  line 7, column 4: the header has 3 columns only",
        "  line 11, column 3 (amount): is empty",
      ].join("\n"),
    );
  });

  it("fits segments, small ones pulled towards the whole", async () => {
    const plain = ["client,time,country"];
    for (let client = 0; client < 60; client++) {
      for (let day = client % 7; day < 100; day += client % 2 === 0 ? 20 : 9 + (client % 5)) {
        const date = new Date(Date.UTC(2020, 0, 1 + day)).toISOString().slice(0, 10);
        plain.push(`c${client},${date},${client % 2 === 0 ? "FR" : "DE"}`);
      }
    }
    const file = await write("segments.csv", plain.join("\n"));
    const { stdout } = await fit(file, "--segment", "country", "--model", "bg-nbd", "--json");
    const { parameters, segments } = JSON.parse(stdout);
    expect(segments).toMatchObject([
      { segment: "FR", clients: 30, origin: "pulled" },
      { segment: "DE", clients: 30, origin: "pulled" },
    ]);
    const rate = ({ r, alpha }: { r: number; alpha: number }) => r / alpha;
    expect(rate(segments[0].parameters)).toBeLessThan(rate(parameters));
    expect(rate(segments[1].parameters)).toBeGreaterThan(rate(parameters));
  });

  it("says what is wrong and how to mend it, and fails", async () => {
    const other = await write("other.csv", "customer,date\na,2020-01-01\n");
    const once = await write("once.csv", "client,time\na,2020-01-01\nb,2020-01-05\nb,1 Feb\n");
    const empty = await write("empty.csv", "client,time\n");
    const quote = await write("quote.csv", 'client,time\n"a,2020-01-01\nb,2020-01-05\n');
    for (const [args, code, message] of [
      [
        [other],
        1,
        'other.csv: The header has no column "client" but "customer", "date". Say which is which, such as --columns client=customer,time=date.',
      ],
      [
        [other, "--columns", "client=customer,time=customer"],
        1,
        "other.csv: Of 1 rows none can be used.\n  line 2, column 1 (customer)",
      ],
      [
        [once],
        1,
        'Nobody bought on two days until 2020-01-05: there is no rhythm to learn.\n1 of 3 rows could not be used:\n  line 4, column 2 (time): "1 Feb"',
      ],
      [[once, "--cutoff", "2020-03-01"], 1, "leaves no hold-out"],
      [[once, "--model", "gamma-gamma"], 1, 'has no column "amount"'],
      [[empty], 1, "empty.csv: There is no row under the header."],
      [[quote], 1, "quote.csv: a quote opens and is never closed"],
      [["nowhere.csv"], 1, "There is no file"],
      [
        [once, "--model", "churn"],
        2,
        '--model must be one of mbg-cnbd-k, pareto-nbd, bg-nbd, nbd, gamma-gamma, but is "churn".',
      ],
      [[once, "--cutoff", "2020-1-1"], 2, "--cutoff must be a date such as 2026-01-31"],
      [[once, "--k", "2", "--model", "nbd"], 2, "--k belongs to mbg-cnbd-k"],
      [[], 2, "Name the file of purchases: --csv FILE."],
    ] as const) {
      const told = await fit(...args);
      expect(told.stderr).toContain(message);
      expect(told.code).toBe(code);
    }
  });
});
