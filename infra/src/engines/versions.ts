/** What native engines are made of; the poms and compose.yaml repeat it and `versions.test.ts` compares. */
export const versions = {
  kafka: "4.1.1",
  chdb: "26.7.3-stable.1",
  ffi: "1.3.7",
  redisJar: "1.4.3",
  zookeeper: "3.9.4",
  mavenDependencyPlugin: "3.8.1",
} as const;
