/** What helps further, by ClickHouse's name of the error (src/Common/ErrorCodes.cpp). */
const hints: Readonly<Record<string, string>> = {
  ACCESS_DENIED: "The analyst may only read what `\\d` lists.",
  READONLY: "The analyst's limits can't be changed from a query.",
  SETTING_CONSTRAINT_VIOLATION: "The analyst's limits may be lowered, not raised.",
  UNKNOWN_TABLE: "`\\d` lists what there is.",
  UNKNOWN_IDENTIFIER: "`\\d NAME` lists the columns.",
  UNKNOWN_DATABASE: "Nothing is stored yet: `npm start` creates it.",
  TIMEOUT_EXCEEDED: "A query of the analyst may take 30 seconds: narrow it by time or by client.",
  TOO_MANY_ROWS_OR_BYTES: "An answer may have a million rows: aggregate, or add LIMIT.",
  MEMORY_LIMIT_EXCEEDED: "A query of the analyst may use 4 GB: narrow it by time or by client.",
};

/** ClickHouse's answer to a query it can't do, as one line for a person: message, then what helps. */
export function explainError(answer: string): string {
  const at = answer.indexOf("DB::Exception: ");
  const text = (at < 0 ? answer : answer.slice(at + "DB::Exception: ".length))
    .replace(/\s*\(version [^)]*\)\s*$/, "")
    .replace(/\s+/g, " ")
    .trim();
  const name = /\(([A-Z][A-Z_0-9]+)\)$/.exec(text)?.[1];
  const message = (name === undefined ? text : text.slice(0, -(name.length + 2)).trim())
    .replace(/^analyst: /, "")
    .replace(/ Expected one of: .*$/, "")
    .replace(/:? [Ww]hile (executing|processing) .*$/, "")
    .replace(/ in scope SELECT .*$/, "")
    .replace(/[.\s]+$/, "");
  const hint = name === undefined ? undefined : hints[name];
  return `${message}.${name === undefined ? "" : ` [${name}]`}${hint === undefined ? "" : ` ${hint}`}`;
}
