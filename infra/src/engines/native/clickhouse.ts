import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { arch, platform } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type ClickHouseUsers, clickhouseUrl, clickhouseUsersEnvironment } from "../clickhouseUsers.ts";
import { EngineError } from "../engineError.ts";
import type { Port } from "../ports.ts";
import type { StartStep, Step } from "../steps.ts";
import { versions } from "../versions.ts";
import { bytesOnDisk, cached } from "./cache.ts";
import { type NativeEngine, NativeProcess } from "./nativeProcess.ts";
import { httpAnswers } from "./probes.ts";
import { runCommand } from "./runCommand.ts";

const settingsFolder = fileURLToPath(new URL("../../../clickhouse/", import.meta.url));
const server = fileURLToPath(new URL("clickhouseServer.mjs", import.meta.url));

/** Packages of the library by Node's platform and architecture. */
const libraries: Readonly<Record<string, string>> = {
  "linux-x64": "@chdb/lib-linux-x64-gnu",
  "linux-arm64": "@chdb/lib-linux-arm64-gnu",
  "darwin-x64": "@chdb/lib-darwin-x64",
  "darwin-arm64": "@chdb/lib-darwin-arm64",
};

/** On disk, measured for linux-x64; the others are near enough for a progress bar. */
const installedBytes = 570_000_000;

export interface ClickHousePlace {
  readonly cacheDir: string;
  readonly dataDir: string;
  readonly logFile: string;
  readonly port: Port;
  readonly nativePort: Port;
  readonly users: ClickHouseUsers;
  readonly startStep: StartStep;
  /** More of the server's configuration, as XML: a cluster that it is part of. */
  readonly more?: string;
}

/** A real ClickHouse server out of chdb's library in a process of its own, fetched when first needed. */
export async function nativeClickHouse(place: ClickHousePlace): Promise<NativeEngine> {
  const library = libraryPackage();
  const folder = await cached(place.cacheDir, place.startStep, {
    title: "Fetch ClickHouse 26.7",
    name: `clickhouse-${versions.chdb}`,
    fill: (into, step) => install(library, into, step),
  });
  const address = `127.0.0.1:${place.port.number}`;
  return new NativeProcess({
    title: "ClickHouse",
    url: clickhouseUrl(address, "keypulse", place.users.password),
    logFile: place.logFile,
    ports: [place.port, place.nativePort],
    answers: () => httpAnswers(`http://${address}/ping`),
    prepare: async () => ({
      file: process.execPath,
      args: [
        server,
        join(folder, "package.json"),
        library,
        writeUsers(place),
        `--config-file=${writeConfiguration(place)}`,
        `--path=${place.dataDir}`,
        `--http_port=${place.port.number}`,
        `--tcp_port=${place.nativePort.number}`,
        "--listen_host=127.0.0.1",
        "--send_logs_level=none",
      ],
      // What queries may read of the process says nothing: users come by a file out of their reach.
      env: { PATH: process.env.PATH ?? "", ...(process.env.TZ && { TZ: process.env.TZ }) },
    }),
  });
}

function writeUsers(place: ClickHousePlace): string {
  const path = join(dirname(place.dataDir), "clickhouse-users.json");
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, JSON.stringify(clickhouseUsersEnvironment(place.users)), { mode: 0o600 });
  return path;
}

function libraryPackage(): string {
  const found = libraries[`${platform()}-${arch()}`];
  const report = process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined;
  const musl = platform() === "linux" && report?.header?.glibcVersionRuntime === undefined;
  if (found !== undefined && !musl) return found;
  throw new EngineError(
    `There is no ClickHouse to fetch for ${platform()} on ${arch()}${musl ? " with musl" : ""}: start Docker, or set ` +
      "CLICKHOUSE_URL to a ClickHouse of yours.",
  );
}

async function install(library: string, folder: string, step: Step): Promise<void> {
  writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
  const timer = setInterval(async () => {
    const bytes = await bytesOnDisk(folder);
    const megabytes = (of: number): string => (of / 1_000_000).toFixed(0);
    step.progress(`${megabytes(bytes)} of ${megabytes(installedBytes)} MB`, Math.min(1, bytes / installedBytes));
  }, 500);
  const result = await runCommand("npm", [
    ...["install", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
    ...[`${library}@${versions.chdb}`, `ffi-rs@${versions.ffi}`],
  ]);
  clearInterval(timer);
  if (result.code !== 0) throw new EngineError(`npm could not fetch ClickHouse (${library}):\n${result.output.trim()}`);
}

/** One file out of those that Compose mounts: the embedded server takes users from its main configuration alone. */
function writeConfiguration(place: ClickHousePlace): string {
  mkdirSync(place.dataDir, { recursive: true });
  const path = join(place.dataDir, "keypulse-config.xml");
  const inner = (file: string): string => {
    const text = readFileSync(join(settingsFolder, file), "utf8");
    return text.slice(text.indexOf("<clickhouse>") + "<clickhouse>".length, text.lastIndexOf("</clickhouse>"));
  };
  // The endless query is asked by `default` from within, without a password; it may do that and no more.
  const inside = `<users>
        <default>
            <password></password>
            <networks><ip>127.0.0.1</ip></networks>
            <profile>default</profile>
            <quota>default</quota>
            <grants>
                <query>GRANT SYSTEM LISTEN ON *.*</query>
                <query>GRANT SELECT ON system.numbers</query>
            </grants>
        </default>`;
  writeFileSync(
    path,
    `<clickhouse>${inner("server.xml")}${inner("users.xml").replace("<users>", inside)}
    ${place.more ?? ""}
    <user_directories><users_xml><path>${path}</path></users_xml></user_directories>
</clickhouse>
`,
  );
  return path;
}
