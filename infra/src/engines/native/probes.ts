import { connect } from "node:net";

const timeoutMs = 2_000;

/** Whether an HTTP server answers this URL with success. */
export async function httpAnswers(url: string): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
  await response.arrayBuffer();
  return response.ok;
}

/** Whether a Redis server answers PING with PONG, that is, it is up and has loaded its data. */
export async function redisAnswers(port: number): Promise<boolean> {
  const reply = await exchange(port, Buffer.from("PING\r\n"), (got) => got.includes("\r\n"));
  return reply.toString("latin1").startsWith("+PONG");
}

/** Whether a ZooKeeper server answers `ruok`. */
export async function zookeeperAnswers(port: number): Promise<boolean> {
  const reply = await exchange(port, Buffer.from("ruok"), (got) => got.length >= 4);
  return reply.toString("latin1") === "imok";
}

/**
 * Whether a Kafka broker answers and has registered itself: it lists a broker in a Metadata v1 response (a fenced one
 * lists none). https://kafka.apache.org/protocol#The_Messages_Metadata
 */
export async function kafkaAnswers(port: number): Promise<boolean> {
  const client = Buffer.from("keypulse-probe");
  const body = Buffer.alloc(10 + client.length + 4);
  body.writeInt16BE(3, 0); // api key: Metadata
  body.writeInt16BE(1, 2); // version
  body.writeInt32BE(1, 4); // correlation id
  body.writeInt16BE(client.length, 8);
  client.copy(body, 10);
  body.writeInt32BE(0, 10 + client.length); // of no topics
  const request = Buffer.alloc(4 + body.length);
  request.writeInt32BE(body.length, 0);
  body.copy(request, 4);
  const reply = await exchange(port, request, (got) => got.length >= 4 && got.length >= 4 + got.readInt32BE(0));
  return reply.length >= 12 && reply.readInt32BE(8) > 0;
}

function exchange(port: number, request: Buffer, complete: (got: Buffer) => boolean): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let got = Buffer.alloc(0);
    const socket = connect({ port, host: "127.0.0.1" }, () => socket.write(request));
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error("timed out")));
    socket.once("error", reject);
    socket.once("close", () => resolve(got));
    socket.on("data", (chunk) => {
      got = Buffer.concat([got, chunk]);
      if (complete(got)) socket.destroy();
    });
  });
}
