// The way into every command, on any Node from 20 and before anything is installed: installs the workspace when it
// isn't up to date, then hands over to the Node 24 that the workspace brings, which runs the TypeScript as it is.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const oldestNode = 20;
const root = dirname(dirname(fileURLToPath(import.meta.url)));

const commands = {
  start: ["infra/src/cli/start.ts", "engines, services and the demonstration; Ctrl-C stops them in order"],
  sql: ["infra/src/cli/sql.ts", "ask ClickHouse as the analyst: a query, or a prompt"],
  source: ["services/console/src/cli/source.ts", "wire sources of events, and see that their data is right"],
  tail: ["services/console/src/cli/tail.ts", "what arrives from a source, a line each"],
  import: ["infra/src/cli/import.ts", "send a file of past orders: a shop's export, or any table with a mapping"],
  rates: ["infra/src/cli/rates.ts", "load exchange rates, so that other currencies are part of revenue"],
  costs: ["infra/src/cli/costs.ts", "load what products cost, so that margins are known"],
  fit: ["infra/src/cli/fit.ts", "fit a churn model to a file of purchases: who is still a client, what will they buy"],
  client: ["services/console/src/cli/client.ts", "one client on a page: by name, id or e-mail"],
  identity: ["services/console/src/cli/identity.ts", "who is who: why, what to decide, merge, unmerge, move, undo"],
  privacy: ["services/console/src/cli/privacy.ts", "export or erase all that is kept of a person or a client"],
  alerts: ["services/console/src/cli/alerts.ts", "what is open, what became of it, and the budget of false alarms"],
  backtest: ["infra/src/cli/backtest.ts", "what the detectors would have found in history, beside the rules of today"],
  segment: ["services/console/src/cli/segment.ts", "named conditions over clients: make, try, see who is in them"],
  portfolio: ["services/console/src/cli/portfolio.ts", "key clients: ABC, XYZ, RFM, concentration, who moved; limits"],
  reset: ["infra/src/cli/reset.ts", "remove what the engines stored, after asking"],
  rebuild: ["services/ingest/src/rebuild.ts", "fill an empty Redis again from ClickHouse"],
  replay: ["services/ingest/src/replay.ts", "send rejected events again"],
  test: ["infra/src/cli/test.ts", "all checks and tests, or the tests named"],
  faults: ["test/faults/run.ts", "the long test with crashes of everything"],
  bench: ["test/bench/run.ts", "measure throughput and freshness"],
};

const help = `Usage: npm run <command> -- [options]   (start and test also without "run")

${Object.entries(commands)
  .map(([name, [, what]]) => `  ${name.padEnd(9)}${what}`)
  .join("\n")}

Each answers --help with its own options.`;

await main(process.argv.slice(2));

async function main([name, ...rest]) {
  // npm takes the "--" before options away; called without npm it may still be there.
  const args = rest[0] === "--" ? rest.slice(1) : rest;
  if (name === "--help" || name === "-h" || name === undefined) {
    console.log(help);
    process.exit(name === undefined ? 2 : 0);
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command) fail(`There is no command "${name}".\n\n${help}`, 2);
  const found = Number(process.versions.node.split(".")[0]);
  if (found < oldestNode) {
    fail(
      `Keypulse needs Node ${oldestNode} or newer to start, and this is ${process.version}: get one at https://nodejs.org/`,
    );
  }
  if (!isInstalled()) await install();
  const script = join(root, command[0]);
  if (!existsSync(script)) fail(`${command[0]} is missing: this checkout has no "${name}" command.`);
  run(script, args);
}

/** pnpm leaves a copy of the lockfile that it installed, and we our stamp where it left out what other systems need. */
function isInstalled() {
  const read = (path) => (existsSync(path) ? readFileSync(path, "utf8") : undefined);
  const wanted = read(join(root, "pnpm-lock.yaml"));
  if (wanted === undefined || !existsSync(nodeBinary()) || existsSync(unfinished())) return false;
  return wanted === read(join(root, "node_modules/.pnpm/lock.yaml")) || stampOf(wanted) === read(stampFile());
}

function stampFile() {
  return join(root, "node_modules", ".keypulse-installed");
}

function stampOf(lockfile) {
  return createHash("sha256").update(lockfile).digest("hex");
}

/** There while an install is going on; left behind, it says that one was cut off. */
function unfinished() {
  return join(root, "node_modules", ".keypulse-installing");
}

function nodeBinary() {
  return join(root, "node_modules", "node", "bin", process.platform === "win32" ? "node.exe" : "node");
}

async function install() {
  const release = await lock(join(root, ".keypulse", "install.lock"));
  try {
    if (isInstalled()) return;
    mkdirSync(join(root, "node_modules"), { recursive: true });
    writeFileSync(unfinished(), "");
    const pnpm = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).packageManager;
    await shown(`Install the workspace with ${pnpm}`, ["--yes", pnpm, "install", "--frozen-lockfile"]);
    writeFileSync(stampFile(), stampOf(readFileSync(join(root, "pnpm-lock.yaml"), "utf8")));
    rmSync(unfinished(), { force: true });
  } finally {
    release();
  }
}

/** Runs npx with a line that counts seconds; what it prints is shown only when it fails. */
async function shown(title, args) {
  const began = Date.now();
  const elapsed = () => `${((Date.now() - began) / 1000).toFixed(1)} s`;
  const live = process.stderr.isTTY;
  const timer = live && setInterval(() => process.stderr.write(`\r  ${title} … ${elapsed()}`), 100);
  const child = spawn("npx", args, {
    cwd: root,
    env: { ...process.env, CI: "true" },
    stdio: ["ignore", "pipe", "pipe"],
    shell: process.platform === "win32",
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  const code = await new Promise((resolve) => {
    child.once("error", (error) => {
      output += error.message;
      resolve(1);
    });
    child.once("close", (exit) => resolve(exit ?? 1));
  });
  clearInterval(timer);
  process.stderr.write(`${live ? "\r\u001b[K" : ""}${code === 0 ? "✓" : "✗"} ${title} (${elapsed()})\n`);
  if (code !== 0) {
    rmSync(join(root, ".keypulse", "install.lock"), { force: true });
    fail(`${output.trim()}\n\nThe workspace could not be installed: what pnpm said is above.`);
  }
}

/** One install at a time; the lock of a process that is gone, or older than ten minutes, counts for nothing. */
async function lock(path) {
  mkdirSync(dirname(path), { recursive: true });
  for (;;) {
    try {
      const file = openSync(path, "wx");
      writeFileSync(file, String(process.pid));
      closeSync(file);
      return () => rmSync(path, { force: true });
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    if (lockIsStale(path)) rmSync(path, { force: true });
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function lockIsStale(path) {
  try {
    const age = Date.now() - statSync(path).mtimeMs;
    const pid = Number(readFileSync(path, "utf8"));
    if (age > 600_000) return true;
    if (pid === 0) return age > 5_000;
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error.code === "ESRCH";
  }
}

/**
 * Runs the script and ends as it ends. It gets a session of its own: Ctrl-C in a terminal goes to every process of the
 * foreground, and npm sends it on once more, but the script must hear it once, from here.
 */
function run(script, args) {
  const path = [join(root, "node_modules", ".bin"), process.env.PATH].join(delimiter);
  const child = spawn(nodeBinary(), [script, ...args], {
    stdio: "inherit",
    detached: process.platform !== "win32",
    env: { ...process.env, PATH: path },
  });
  const last = {};
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"]) {
    process.on(signal, () => {
      const repeated = Date.now() - (last[signal] ?? 0) < 500;
      last[signal] = Date.now();
      if (!repeated) child.kill(signal);
    });
  }
  process.on("SIGWINCH", () => child.kill("SIGWINCH"));
  child.once("error", (error) => fail(`Node of the workspace could not be run: ${error.message}`));
  child.once("exit", (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}

function fail(message, code = 1) {
  console.error(message);
  process.exit(code);
}
