import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { composeFile } from "./compose.ts";
import { versions } from "./versions.ts";

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

test("containers and native processes are of the same versions", () => {
  const compose = readFileSync(composeFile, "utf8");
  expect(compose).toContain(`image: apache/kafka:${versions.kafka}\n`);
  expect(compose).toContain(`image: clickhouse/clickhouse-server:${versions.chdb.split(".").slice(0, 2).join(".")}\n`);
  expect(read("kafka/pom.xml").match(/<version>4\.[^<]+/g)).toEqual(Array(2).fill(`<version>${versions.kafka}`));
  expect(read("zookeeper/pom.xml")).toContain(`<version>${versions.zookeeper}</version>`);
  expect(read("redis/pom.xml")).toContain(`<version>${versions.redisJar}</version>`);
});
