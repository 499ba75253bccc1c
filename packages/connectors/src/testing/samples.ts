import type { ParsedElement } from "../connector.ts";

/** What is needed of `node:fs`; the test hands it in, because nothing else in this package may read files. */
interface Files {
  readdirSync(folder: URL): string[];
  readFileSync(file: URL, encoding: "utf8"): string;
}

/** The JSON samples beside a test, by their names without ending; `here` is the test's `import.meta.url`. */
export function samplesOf(here: string, { readdirSync, readFileSync }: Files): Map<string, unknown> {
  const folder = new URL("samples/", here);
  const names = readdirSync(folder).filter((name) => name.endsWith(".json"));
  return new Map(
    names.map((name) => [name.replace(/\.json$/, ""), JSON.parse(readFileSync(new URL(name, folder), "utf8"))]),
  );
}

/** What became of an element in one word: the types of its events, why it is unused, or "fault". */
export function outcomeOf(element: ParsedElement): string {
  if ("events" in element) return element.events.map(({ type }) => type).join(" ");
  return "unused" in element ? element.unused : `fault: ${element.fault}`;
}
