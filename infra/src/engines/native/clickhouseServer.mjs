// Runs a ClickHouse server in this process, on its main thread, which libchdb requires; the process does nothing else
// and ends by a signal. Called with: package.json of the cache folder, package of the library, then ClickHouse's own
// arguments.
import { createRequire } from "node:module";

const [, , packageFile, libraryPackage, ...serverArguments] = process.argv;
const require = createRequire(packageFile);
const { open, load, DataType, arrayConstructor } = require("ffi-rs");

// An endless query keeps the call, and with it the server, going.
const query = [
  "SYSTEM START LISTEN HTTP",
  "SYSTEM START LISTEN TCP",
  "SELECT sleepEachRow(1) FROM system.numbers SETTINGS max_block_size = 1, function_sleep_max_microseconds_per_block = 100000000 FORMAT Null",
].join("; ");
const args = ["clickhouse", ...serverArguments, `--query=${query}`];
open({ library: "chdb", path: require.resolve(`${libraryPackage}/libchdb.so`) });
load({
  library: "chdb",
  funcName: "chdb_query_cmdline",
  retType: DataType.External,
  paramsType: [DataType.I32, arrayConstructor({ type: DataType.StringArray, length: args.length })],
  paramsValue: [args.length, args],
});
console.error("ClickHouse ended by itself: its configuration or its data folder is at fault, or another one uses it.");
process.exit(1);
