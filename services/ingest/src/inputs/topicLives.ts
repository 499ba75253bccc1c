import { type ClickHouse, type EngineLogger, type Kafka, readTopicIds, type TopicIds } from "@keypulse/engines";

/** Which life each topic is in: see `placeOf`. The only one that reads and writes the table `topic_lives`. */
export class TopicLives {
  readonly #kafka: Kafka;
  readonly #clickhouse: ClickHouse;
  readonly #topics: readonly string[];
  readonly #logger: EngineLogger;
  #ids: TopicIds | undefined;
  readonly #lives = new Map<string, number>();

  constructor(kafka: Kafka, clickhouse: ClickHouse, topics: readonly string[], logger: EngineLogger) {
    this.#kafka = kafka;
    this.#clickhouse = clickhouse;
    this.#topics = topics;
    this.#logger = logger;
  }

  /** @throws Error where it was not read yet */
  of(topic: string): number {
    const life = this.#lives.get(topic);
    if (life === undefined) throw new Error(`${topic} does not exist, or was not looked for yet`);
    return life;
  }

  /** Looks at Kafka's ids and gives every life that is new a number. Two workers that do so at once give the same. */
  async read(): Promise<void> {
    const ids = await readTopicIds(this.#kafka, this.#topics);
    const known = await this.#known();
    for (const topic of this.#topics) {
      const id = idOf(ids, topic);
      if (id === undefined) continue;
      const lives = known.filter((row) => row.topic === topic);
      const same = lives.find((row) => row.id === id);
      if (same !== undefined) {
        this.#lives.set(topic, same.life);
        continue;
      }
      let last = lives.at(-1)?.life ?? 0;
      if (last === 0 && (await this.#isOfAnother(topic))) {
        await this.#write(topic, 1, "");
        last = 1;
      }
      await this.#write(topic, last + 1, id);
      this.#lives.set(topic, last + 1);
      if (last > 0) {
        this.#logger.error({ topic, life: last + 1 }, "the topic was made anew: it is read from its begin, as another");
      }
    }
    this.#ids = ids;
  }

  /** Topics that are not the ones any more that were read, and topics that do not exist now. */
  async look(): Promise<{ changed: string[]; missing: string[] }> {
    const ids = await readTopicIds(this.#kafka, this.#topics);
    const found = this.#topics.map((topic) => ({
      topic,
      now: idOf(ids, topic),
      before: this.#ids && idOf(this.#ids, topic),
    }));
    return {
      changed: found.filter(({ now, before }) => now !== undefined && now !== before).map(({ topic }) => topic),
      missing: found.filter(({ now }) => now === undefined).map(({ topic }) => topic),
    };
  }

  async #known(): Promise<{ topic: string; life: number; id: string }[]> {
    const result = await this.#clickhouse.query({
      query: `SELECT topic, life, argMax(id, since) AS id FROM topic_lives WHERE topic IN {topics: Array(String)}
        GROUP BY topic, life ORDER BY topic, life`,
      query_params: { topics: this.#topics },
      format: "JSONEachRow",
    });
    return await result.json();
  }

  async #write(topic: string, life: number, id: string): Promise<void> {
    await this.#clickhouse.insert({
      table: "topic_lives",
      values: [{ topic, life, id, since: Date.now() }],
      format: "JSONEachRow",
      clickhouse_settings: { async_insert: 0 },
    });
  }

  /** A store of an earlier version knows no lives: where it has what Kafka has not, its positions are another topic's. */
  async #isOfAnother(topic: string): Promise<boolean> {
    const result = await this.#clickhouse.query({
      query:
        "SELECT partition, toString(max(offset)) AS highest FROM events WHERE topic = {topic: String} GROUP BY partition",
      query_params: { topic },
      format: "JSONEachRow",
    });
    const stored = await result.json<{ partition: number; highest: string }>();
    if (stored.length === 0) return false;
    const admin = this.#kafka.admin();
    await admin.connect();
    try {
      const ends = new Map(
        (await admin.fetchTopicOffsets(topic)).map(({ partition, high }) => [partition, Number(high)]),
      );
      return stored.some(({ partition, highest }) => Number(highest) >= (ends.get(partition) ?? 0));
    } finally {
      await admin.disconnect();
    }
  }
}

function idOf({ clusterId, topics }: TopicIds, topic: string): string | undefined {
  const id = topics.get(topic);
  return id === undefined ? undefined : `${clusterId}/${id}`;
}
