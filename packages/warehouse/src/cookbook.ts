import { readdirSync, readFileSync } from "node:fs";

const folder = new URL("../cookbook/", import.meta.url);

/** A question of the cookbook, answered in SQL. */
export interface Recipe {
  /** Such as `04_abc`. */
  readonly name: string;
  readonly question: string;
  readonly askedBy: string;
  /** What each column means, in their order. */
  readonly columns: ReadonlyMap<string, string>;
  readonly sql: string;
}

/** All recipes in their order. @throws Error where a file's header lines are not as the README says */
export function readCookbook(): Recipe[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".sql"))
    .sort()
    .map((file) => parseRecipe(file.slice(0, -".sql".length), readFileSync(new URL(file, folder), "utf8")));
}

function parseRecipe(name: string, text: string): Recipe {
  const lines = text.trimEnd().split("\n");
  const end = lines.findIndex((line) => !line.startsWith("--"));
  const [question = "", asked = "", ...columns] = lines.slice(0, end).map((line) => line.slice(2).trim());
  const askedBy = /^Asked by: (.+)$/.exec(asked)?.[1];
  if (askedBy === undefined || columns.length === 0) {
    throw new Error(
      `cookbook/${name}.sql must begin with lines of comment: question, "Asked by: …", then "column: meaning".`,
    );
  }
  return {
    name,
    question,
    askedBy,
    columns: new Map(
      columns.map((line) => {
        const colon = line.indexOf(": ");
        return [line.slice(0, colon), line.slice(colon + 2)];
      }),
    ),
    sql: lines.slice(end).join("\n"),
  };
}
