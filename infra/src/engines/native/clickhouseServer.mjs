// Runs a ClickHouse server in this process, on its main thread, which libchdb requires; the process does nothing else
// and ends by a signal. Called with: package.json of the cache folder, package of the library, file with what users.xml
// takes from the environment, then ClickHouse's own arguments.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { confine } from "./confine.mjs";

const [, , packageFile, libraryPackage, usersFile, ...serverArguments] = process.argv;
Object.assign(process.env, JSON.parse(readFileSync(usersFile, "utf8")));
const require = createRequire(packageFile);
const ffi = require("ffi-rs");
const { open, load, DataType, arrayConstructor } = ffi;

// An endless query keeps the call, and with it the server, going.
const query = [
  "SYSTEM START LISTEN HTTP",
  "SYSTEM START LISTEN TCP",
  "SELECT sleepEachRow(1) FROM system.numbers SETTINGS max_block_size = 1, function_sleep_max_microseconds_per_block = 100000000 FORMAT Null",
].join("; ");
const args = ["clickhouse", ...serverArguments, `--query=${query}`];
open({ library: "chdb", path: require.resolve(`${libraryPackage}/libchdb.so`) });
// From here on this thread, and those that ClickHouse starts from it, reach its data and the system's tables alone.
const data = serverArguments.find((argument) => argument.startsWith("--path=")).slice("--path=".length);
const confined = confine(
  ffi,
  [data, "/dev/null"],
  [
    `/proc/${process.pid}`,
    ...["/proc/meminfo", "/proc/stat", "/proc/loadavg", "/proc/sys/vm", "/sys/fs/cgroup", "/sys/devices/system"],
    ...["/usr/share/zoneinfo", "/etc/localtime", "/lib", "/lib64", "/usr/lib", "/usr/lib64", dirname(packageFile)],
  ],
);
if (!confined)
  console.error("This system can't confine ClickHouse to its folder: its function file() reads what you may.");
load({
  library: "chdb",
  funcName: "chdb_query_cmdline",
  retType: DataType.External,
  paramsType: [DataType.I32, arrayConstructor({ type: DataType.StringArray, length: args.length })],
  paramsValue: [args.length, args],
});
console.error("ClickHouse ended by itself: its configuration or its data folder is at fault, or another one uses it.");
process.exit(1);
