import type { LookupAddress } from "node:dns";
import { describe, expect, test } from "vitest";
import { EpisodeHistory } from "../domain/episodes.ts";
import { webhookBody, webhookIdOf } from "../domain/webhook.ts";
import { startReceiver, testSecret } from "../testing/receiver.ts";
import { aSignal } from "../testing/signals.ts";
import { createSendWebhook } from "./webhookSender.ts";

const alert = new EpisodeHistory().apply(aSignal(), { freshDays: 7 }).version!;
const message = { id: webhookIdOf(alert, "crm"), body: webhookBody(alert) };
const open = createSendWebhook({ timeoutMs: 2_000, allowPrivate: true });

describe("a webhook", () => {
  test("is signed so that standardwebhooks verifies it", async () => {
    const receiver = await startReceiver();
    expect(await open(receiver.consumer, message)).toMatchObject({ status: 204 });
    expect(receiver.faults).toEqual([]);
    expect(receiver.received[0]).toMatchObject({
      headers: { "webhook-id": message.id, "content-type": "application/json" },
      body: { type: "alert.opened", timestamp: alert.updated_at, data: alert },
    });
  });

  test("signed with another secret is refused by the receiver", async () => {
    const receiver = await startReceiver();
    const other = { ...receiver.consumer, secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" };
    expect(await open(other, message)).toMatchObject({ status: 400 });
    expect(receiver.faults).toHaveLength(1);
  });

  test("follows no redirect", async () => {
    const target = await startReceiver();
    const receiver = await startReceiver({
      answer: (response) => response.writeHead(307, { location: target.consumer.url }).end(),
    });
    expect(await open(receiver.consumer, message)).toMatchObject({ status: 307 });
    expect(target.received).toEqual([]);
  });

  test("brings Retry-After back", async () => {
    const receiver = await startReceiver({
      answer: (response) => response.writeHead(429, { "retry-after": "12" }).end(),
    });
    expect(await open(receiver.consumer, message)).toMatchObject({ status: 429, retryAfter: "12" });
  });

  test("waits no longer than its time, whatever the receiver does", async () => {
    const hurried = createSendWebhook({ timeoutMs: 150, allowPrivate: true });
    const silent = await startReceiver({ answer: () => {} });
    expect(await hurried(silent.consumer, message)).toMatchObject({ status: 0, fault: "no answer within 0.15 s" });
    const dripping = await startReceiver({ answer: (response) => response.writeHead(200).write("…") });
    expect(await hurried(dripping.consumer, message)).toMatchObject({ status: 200 });
  });

  test("that is answered by 101 has that answer, and ends", async () => {
    const receiver = await startReceiver({
      answer: (response) =>
        response.socket!.write("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: nothing\r\n\r\n"),
    });
    expect(await open(receiver.consumer, message)).toMatchObject({ status: 101 });
  });

  test("reads no more than 64 KB of an answer", async () => {
    const patient = createSendWebhook({ timeoutMs: 20_000, allowPrivate: true });
    const receiver = await startReceiver({
      answer: (response) => {
        response.writeHead(200);
        const chunk = Buffer.alloc(16 * 1024);
        const pour = () => {
          while (!response.destroyed && response.write(chunk)) {}
        };
        response.on("drain", pour);
        pour();
      },
    });
    const answer = await patient(receiver.consumer, message);
    expect(answer.status).toBe(200);
    expect(answer.durationMs).toBeLessThan(10_000);
  });

  test("that can't be sent is an answer, too", async () => {
    const closed = { name: "crm", url: "http://127.0.0.1:1/", secret: testSecret };
    expect(await open(closed, message)).toMatchObject({ status: 0, fault: "no connection (ECONNREFUSED)" });
  });
});

describe("private targets", () => {
  const guarded = (addresses: LookupAddress[] = []) =>
    createSendWebhook({ timeoutMs: 1_000, allowPrivate: false, resolve: async () => addresses });

  test.each([
    "http://127.0.0.1:1/",
    "http://[::1]:1/",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://10.0.0.1/",
    "http://[::ffff:7f00:1]/",
  ])("are refused as literals: %s", async (url) => {
    const answer = await guarded()({ name: "crm", url, secret: testSecret }, message);
    expect(answer).toMatchObject({ status: 0, fault: expect.stringContaining("refused") });
  });

  test("are refused after resolution, even beside a public address", async () => {
    const receiver = await startReceiver();
    const url = receiver.consumer.url.replace("127.0.0.1", "crm.example");
    const consumer = { ...receiver.consumer, url };
    const loopback = { address: "127.0.0.1", family: 4 };
    const publicOne = { address: "93.184.216.34", family: 4 };
    for (const addresses of [[loopback], [publicOne, loopback]]) {
      expect(await guarded(addresses)(consumer, message)).toMatchObject({
        status: 0,
        fault: expect.stringContaining("refused"),
      });
    }
    expect(receiver.received).toEqual([]);
  });

  test("can't slip in between the check and the connection: what was checked is connected to", async () => {
    const receiver = await startReceiver();
    const consumer = { ...receiver.consumer, url: receiver.consumer.url.replace("127.0.0.1", "rebinding.example") };
    const answers = ["127.0.0.1", "127.0.0.2"];
    const asked: string[] = [];
    const resolve = async (hostname: string) => {
      asked.push(hostname);
      return [{ address: answers.shift()!, family: 4 }];
    };
    const send = createSendWebhook({ timeoutMs: 1_000, allowPrivate: true, resolve });
    expect(await send(consumer, message)).toMatchObject({ status: 204 });
    expect(asked).toEqual(["rebinding.example"]);
  });

  test("are reached where the setting allows them, by name as well", async () => {
    const receiver = await startReceiver();
    const consumer = { ...receiver.consumer, url: receiver.consumer.url.replace("127.0.0.1", "crm.internal") };
    const resolve = async () => [{ address: "127.0.0.1", family: 4 }];
    const send = createSendWebhook({ timeoutMs: 1_000, allowPrivate: true, resolve });
    expect(await send(consumer, message)).toMatchObject({ status: 204 });
  });
});
