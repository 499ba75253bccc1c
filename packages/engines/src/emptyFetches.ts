import type { EachBatchPayload } from "kafkajs";
import Runner from "kafkajs/src/consumer/runner.js";

type EachBatch = (payload: EachBatchPayload) => Promise<void>;

interface RunnerInside {
  running: boolean;
  eachBatch?: EachBatch;
  handleBatch(batch: { isEmptyDueToFiltering(): boolean }): Promise<void>;
  processEachBatch(batch: object): Promise<void>;
  heartbeat(): Promise<void>;
}

const wanting = new WeakSet<EachBatch>();
const inside = (Runner as unknown as { prototype: RunnerInside }).prototype;
const { handleBatch } = inside;
if (typeof handleBatch !== "function" || typeof inside.processEachBatch !== "function") {
  throw new Error("this version of kafkajs has another inside: emptyFetches.ts has to be looked at");
}

inside.handleBatch = async function handOverEmpty(this: RunnerInside, batch): Promise<void> {
  const { eachBatch } = this;
  if (!this.running || eachBatch === undefined || !wanting.has(eachBatch) || !batch.isEmptyDueToFiltering()) {
    return await handleBatch.call(this, batch);
  }
  await this.processEachBatch(batch);
  await this.heartbeat();
};

/**
 * Has fetches handed over that hold nothing but aborted messages and records of transactions: kafkajs steps over them by
 * itself and nobody can commit that they were read past, so that a group stays behind the end of its partition for good
 * (kafkajs 2.2.4, `isEmptyDueToFiltering` in consumer/runner.js).
 * @param eachBatch gets such a fetch as a batch without messages; `lastOffset()` is where it ends.
 */
export function withEmptyFetches(eachBatch: EachBatch): EachBatch {
  wanting.add(eachBatch);
  return eachBatch;
}
