import { connect, createServer, type Socket } from "node:net";

/** A line between two servers that hangs up politely. */
export interface GentleLine {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * A TCP relay on a free port of 127.0.0.1. Where one side resets its connection, the other sees it end, and what that one
 * still says is heard and forgotten. The embedded ClickHouse ends itself on "Connection reset by peer" of a native
 * connection (a full server logs it); ClickHouse resets connections whose answers it needs no more.
 */
export async function gentleLine(toPort: number): Promise<GentleLine> {
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (caller) => {
    const callee = connect({ host: "127.0.0.1", port: toPort, allowHalfOpen: true });
    for (const [from, to] of [
      [caller, callee],
      [callee, caller],
    ] as const) {
      open.add(from);
      from.setNoDelay(true);
      from.on("data", (bytes) => {
        if (to.writable && !to.write(bytes)) from.pause();
      });
      to.on("drain", () => from.resume());
      from.on("end", () => to.end());
      // A reset counts as hanging up; whoever waits for room to write to it waits no more.
      from.on("error", () => {});
      from.on("close", () => {
        open.delete(from);
        if (to.writable) to.end();
        to.resume();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as { port: number }).port,
    close: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
