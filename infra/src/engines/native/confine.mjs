// Landlock (Linux 5.19, https://docs.kernel.org/userspace-api/landlock.html): takes the right to open files away from
// this process for good, but for some folders. The embedded server needs it, for inside it is clickhouse-local, whose
// function `file` reads whatever its process may, whoever asks.
import { existsSync, statSync } from "node:fs";

const systemCall = { createRuleset: 444, addRule: 445, restrictSelf: 446 };
const prSetNoNewPrivs = 38;
const openPath = 0o10000000 | 0o2000000;
/** Access rights of its second version (the first takes renames between folders away), in the kernel's order of bits. */
const right = { execute: 1n, writeFile: 2n, readFile: 4n, readDir: 8n };
const all = (1n << 14n) - 1n;
const ofFiles = right.execute | right.writeFile | right.readFile;
const reading = right.execute | right.readFile | right.readDir;

/**
 * @param ffi module ffi-rs
 * @param writable files and folders that stay in reach to read and write
 * @param readable files and folders that stay in reach to read; those that do not exist are left out
 * @returns whether the kernel took it: others than Linux, old ones and some containers do not
 */
export function confine(ffi, writable, readable) {
  if (process.platform !== "linux" || (process.arch !== "x64" && process.arch !== "arm64")) return false;
  const { open, load, DataType } = ffi;
  open({ library: "libc", path: "libc.so.6" });
  const call = (funcName, types, values) =>
    load({ library: "libc", funcName, retType: DataType.I32, paramsType: types, paramsValue: values });
  const { I32, I64, U8Array, String: Text } = DataType;

  const attributes = Buffer.alloc(8);
  attributes.writeBigUInt64LE(all);
  const ruleset = call("syscall", [I64, U8Array, I64, I64], [systemCall.createRuleset, attributes, 8, 0]);
  if (ruleset < 0) return false;
  const rules = [...writable.map((path) => [path, all]), ...readable.map((path) => [path, reading])];
  for (const [path, rights] of rules) {
    if (!existsSync(path)) continue;
    const folder = call("open", [Text, I32], [path, openPath]);
    if (folder < 0) continue;
    const rule = Buffer.alloc(12);
    rule.writeBigUInt64LE(statSync(path).isDirectory() ? rights : rights & ofFiles);
    rule.writeInt32LE(folder, 8);
    call("syscall", [I64, I64, I64, U8Array, I64], [systemCall.addRule, ruleset, 1, rule, 0]);
    call("close", [I32], [folder]);
  }
  if (call("prctl", [I32, I64, I64, I64, I64], [prSetNoNewPrivs, 1, 0, 0, 0]) !== 0) return false;
  return call("syscall", [I64, I64, I64], [systemCall.restrictSelf, ruleset, 0]) === 0;
}
