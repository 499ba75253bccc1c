import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { type FileFormat, parseMapping, readOrders, recogniseFile } from "@keypulse/connectors/files";
import { ImportError } from "./importError.ts";
import type { ImportOptions } from "./options.ts";
import type { OrderFile } from "./orderFile.ts";
import { sampleMapping } from "./sampleMapping.ts";

export interface HowToRead {
  /** For people. */
  readonly title: string;
  readonly format: FileFormat;
  /** First line of a table. */
  readonly header: string | undefined;
}

/**
 * What the file is, by its header or by a mapping.
 * @throws ImportError that says what to write where nobody knows the file; UnreadableFile
 */
export async function decideFormat(
  file: OrderFile,
  options: ImportOptions,
  mappingPath: string | undefined,
): Promise<HowToRead> {
  const mapping = mappingPath === undefined ? undefined : parseMapping(await readMapping(mappingPath));
  const [header, firstRow] = await file.firstLines(2, options.read.encoding ?? mapping?.encoding);
  if (header === undefined) throw new ImportError(`${file.name} is empty.`);
  const found = recogniseFile(header);
  if ("refused" in found && mapping === undefined) throw new ImportError(`${file.name}: ${found.refused}.`);
  const format = mapping ?? (options.format === "auto" ? found.format : options.format);
  if (format === undefined) {
    const table = found as Extract<typeof found, { columns: string[] }>;
    throw new ImportError(unknownTable(file.name, options, sampleMapping(table, header, firstRow, options.read)));
  }
  // What is wrong with the file as a whole is said before anything is sent or made.
  const orders = readOrders(file.bytes(), format, options.read);
  await orders.next();
  await orders.return(undefined);
  const title =
    mappingPath !== undefined ? `by ${basename(mappingPath)}` : "title" in found ? found.title : "JSON lines";
  return { title, format, header: found.format === "ndjson" ? undefined : header };
}

async function readMapping(path: string): Promise<string> {
  return await readFile(path, "utf8").catch((error: Error) => {
    throw new ImportError(`The mapping ${path} can't be read: ${error.message}`);
  });
}

function unknownTable(
  name: string,
  { file }: ImportOptions,
  { text, missing }: ReturnType<typeof sampleMapping>,
): string {
  const stem = name.replace(/(\.\w+)?(\.gz)?$/, "");
  const todo =
    missing.length === 0
      ? "Look it through (every guess is by a column's name), then try it without sending:"
      : `Fill in what is missing (${missing.join(", ")}), then try it without sending:`;
  return `${name} has a header that is not known here: describe its columns in a mapping. Save this as ${stem}.yaml:

${text.replaceAll(/^(?=.)/gm, "  ")}
${todo}

  npm run import -- ${file} --mapping ${stem}.yaml --dry-run`;
}
