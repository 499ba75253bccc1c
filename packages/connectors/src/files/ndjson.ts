import { MalformedBody } from "../connector.ts";
import { asObject, asText, parseJson } from "../json.ts";
import type { BrokenRow, Row } from "./row.ts";
import { UnreadableFile } from "./text.ts";

const longestLine = 1_000_000;

/** Lines that aren't empty, by their number from 1. */
export async function* readLines(text: AsyncIterable<string>): AsyncGenerator<{ line: number; raw: string }> {
  let rest = "";
  let line = 0;
  for await (const chunk of text) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > longestLine) throw new UnreadableFile(`line ${line + lines.length + 1} has no end`);
    for (const raw of lines) {
      line++;
      if (raw.trim() !== "") yield { line, raw };
    }
  }
  if (rest.trim() !== "") yield { line: line + 1, raw: rest };
}

/** An object as a row: a column is a path to a member, such as `customer.email`. */
export function jsonRow(line: number, raw: string): Row | BrokenRow {
  let object: Record<string, unknown>;
  try {
    object = asObject(parseJson(Buffer.from(raw)));
  } catch (error) {
    if (error instanceof MalformedBody) return { line, raw, fault: "the line is not JSON" };
    throw error;
  }
  return {
    line,
    raw,
    cell: (...paths) => {
      for (const path of paths) {
        const value = path.split(".").reduce<unknown>((inner, name) => asObject(inner)[name], object);
        const text = asText(value);
        if (text !== undefined) return text.trim();
      }
      return "";
    },
  };
}
