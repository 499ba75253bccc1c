import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "../engines/native/runCommand.ts";
import { checkout } from "../folder.ts";
import { createTerminal } from "../terminal.ts";

const help = `Usage: npm test                       all checks (types, lint, imports, …), then all tests
       npm test -- packages/methods   the tests whose path holds this, without the checks
       npm test -- -t "a name"        whatever vitest run takes

Tests that need Kafka, ClickHouse and Redis start them first (see packages/testkit); the pure packages' tests don't.`;

const args = process.argv.slice(2);
if (args.includes("--help") || args.includes("-h")) {
  console.log(help);
} else {
  const checked = args.length > 0 || (await runChecks());
  const tested = await runTests(args);
  process.exitCode = checked && tested ? 0 : 1;
}

/** The scripts `check:…` of package.json, two at a time; what one says is shown when it fails. */
async function runChecks(): Promise<boolean> {
  const manifest = JSON.parse(readFileSync(join(checkout, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  const checks = Object.entries(manifest.scripts).filter(([name]) => name.startsWith("check:"));
  const terminal = createTerminal();
  const failures: string[] = [];
  const runNext = async (): Promise<void> => {
    for (let check = checks.shift(); check; check = checks.shift()) {
      const [name, script] = check;
      const step = terminal.startStep(name);
      const { code, output } = await runCommand("sh", ["-c", script], { cwd: checkout });
      if (code === 0) {
        step.done();
      } else {
        step.fail("failed");
        failures.push(`── ${name}: ${script}\n${output.trim()}\n`);
      }
    }
  };
  await Promise.all([runNext(), runNext()]);
  for (const failure of failures) console.error(`\n${failure}`);
  return failures.length === 0;
}

interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly success: boolean;
}

async function runTests(extra: readonly string[]): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), "keypulse-report-"));
  const reportFile = join(folder, "report.json");
  const vitest = join(checkout, "node_modules", "vitest", "vitest.mjs");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${reportFile}`];
  const child = spawn(process.execPath, [vitest, "run", ...reporters, ...extra], { cwd: checkout, stdio: "inherit" });
  // Vitest stops its engines when it is asked to end; it shares our session, so a signal to us alone is passed on.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));
  const code = await new Promise<number>((resolve) => child.once("close", (exit) => resolve(exit ?? 1)));
  try {
    const report = JSON.parse(readFileSync(reportFile, "utf8")) as VitestReport;
    const skipped = report.numPendingTests + report.numTodoTests;
    console.log(
      `${report.numPassedTests} passed, ${report.numFailedTests} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`,
    );
  } catch {
    // Cut off before the report was written; vitest has said why.
  }
  rmSync(folder, { recursive: true, force: true });
  return code === 0;
}
