import { explainError } from "./explainError.ts";

export type SqlFormat = "table" | "csv" | "json";
export const sqlFormats = ["table", "csv", "json"] as const satisfies readonly SqlFormat[];

export interface Answer {
  /** Pieces of the answer as text, ending with a line break. */
  readonly text: AsyncIterable<string>;
  readonly rows: number;
}

export interface Question {
  readonly query: string;
  readonly format: SqlFormat;
  /** Values of `{name:Type}` in the query. */
  readonly parameters?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export type Ask = (question: Question) => Promise<Answer>;

const formatNames = { table: "PrettyCompactMonoBlock", csv: "CSVWithNames", json: "JSONEachRow" } as const;

/** Asks ClickHouse by HTTP at a URL with user and password. @throws SqlError with one line for a person */
export function createAsk(url: string, database: string): Ask {
  const { origin, username, password } = new URL(url);
  const credentials = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString("base64");
  return async ({ query, format, parameters = {}, signal }) => {
    const address = new URL(origin);
    address.searchParams.set("database", database);
    address.searchParams.set("default_format", formatNames[format]);
    // The server gathers the answer first, so an error in its middle is an error and not half an answer.
    address.searchParams.set("wait_end_of_query", "1");
    for (const [name, value] of Object.entries(parameters)) address.searchParams.set(`param_${name}`, value);
    const response = await fetch(address, {
      method: "POST",
      body: query,
      headers: { authorization: `Basic ${credentials}` },
      ...(signal && { signal }),
    }).catch((error: Error) => {
      if (error.name === "AbortError") throw new SqlError("The query was stopped.");
      throw new SqlError(
        `ClickHouse does not answer at ${origin}: ${(error.cause as Error | undefined)?.message ?? error.message}`,
      );
    });
    if (!response.ok || !response.body) throw new SqlError(explainError(await response.text()));
    const summary = JSON.parse(response.headers.get("x-clickhouse-summary") ?? "{}") as { result_rows?: string };
    const chunks = response.body.pipeThrough(new TextDecoderStream());
    return { text: format === "json" ? jsonArray(chunks) : chunks, rows: Number(summary.result_rows ?? 0) };
  };
}

/** What went wrong, in one line. */
export class SqlError extends Error {
  override readonly name = "SqlError";
}

/** Rows that come as one JSON object a line, as one JSON array. */
async function* jsonArray(chunks: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = "";
  let before = "[\n";
  for await (const chunk of chunks) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    if (lines.length === 0) continue;
    yield before + lines.join(",\n");
    before = ",\n";
  }
  yield before === "[\n" ? "[]\n" : "\n]\n";
}
