import { createServer, request } from "node:http";

/** Stands before ClickHouse and keeps chosen inserts, or the answers to them, to itself: where a worker would be killed. */
export interface HeldInserts {
  /** Where ClickHouse answers through it. */
  readonly url: string;
  /** What becomes of the inserts that it sees from now on. */
  rule: (table: string, token: string) => "pass" | "keep insert" | "keep answer" | "refuse";
  /** Inserts that were kept, as `table token`. */
  readonly kept: string[];
  close(): Promise<void>;
}

export async function heldInserts(clickhouseUrl: string): Promise<HeldInserts> {
  const to = new URL(clickhouseUrl);
  const server = createServer((incoming, answer) => {
    const params = new URL(incoming.url ?? "/", to).searchParams;
    const chunks: Buffer[] = [];
    incoming.on("error", () => {});
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      const body = Buffer.concat(chunks);
      const query = params.get("query") ?? body.subarray(0, 200).toString();
      const table = /^INSERT INTO (\w+)/i.exec(query)?.[1];
      const token = params.get("insert_deduplication_token") ?? "";
      const what = table === undefined ? "pass" : held.rule(table, token);
      if (what !== "pass") held.kept.push(`${table} ${token}`);
      if (what === "keep insert") return;
      // As where it has no room: the answer says "not now".
      if (what === "refuse") {
        answer
          .writeHead(500, { "x-clickhouse-exception-code": "241" })
          .end("Code: 241. DB::Exception: no memory. (MEMORY_LIMIT_EXCEEDED)");
        return;
      }
      const { method, headers, url } = incoming;
      const forwarded = request({ host: to.hostname, port: to.port, method, headers, path: url }, (response) => {
        if (what === "keep answer") return response.resume();
        answer.writeHead(response.statusCode ?? 502, response.headers);
        return response.pipe(answer);
      });
      forwarded.on("error", () => answer.destroy());
      forwarded.end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = new URL(clickhouseUrl);
  url.port = String((server.address() as { port: number }).port);
  const held: HeldInserts = {
    url: url.href,
    rule: () => "pass",
    kept: [],
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return held;
}
