import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { stringify } from "yaml";
import { asyncApiDocument } from "../src/asyncapi.ts";

/** Writes asyncapi.yaml from the schemas; with --check only says whether the file is what they say. */
const { values } = parseArgs({ options: { check: { type: "boolean" } } });
const file = new URL("../asyncapi.yaml", import.meta.url);
const text = `# Generated from the schemas of packages/contracts by "pnpm run contracts". Do not edit.\n${stringify(asyncApiDocument(), { aliasDuplicateObjects: false, lineWidth: 120 })}`;
if (!values.check) {
  writeFileSync(file, text);
  console.log("packages/contracts/asyncapi.yaml is written");
} else if (readFileSync(file, "utf8") !== text) {
  console.error('packages/contracts/asyncapi.yaml is not what the schemas say: run "pnpm run contracts" and commit it');
  process.exitCode = 1;
}
