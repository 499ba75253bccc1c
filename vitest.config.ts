import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

/** Code without I/O on engines: its tests wait for none. */
const pure = [
  "packages/{contracts,methods,connectors,segments}/**",
  "packages/{identity,orders}/src",
  "infra/src/{backtest,demo,fit,import,start}/**",
]
  .map((folder) => `${folder}/*.test.ts`)
  .concat(
    "services/ingest/src/steps/decodeMessage.test.ts",
    "test/analysts/lifetimes.test.ts",
    "test/faults/shops.test.ts",
    "test/orders/figures.test.ts",
  );
const nowhere = ["**/node_modules/**", "**/.keypulse/**"];

export default defineConfig({
  test: {
    pool: "forks",
    // Two files at a time leave two cores idle for a part of the time; three make tests wait longer than they may.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // kafkajs sets a timer in the past now and then, which Node 24 tells each time.
    execArgv: ["--disable-warning=TimeoutNegativeWarning"],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    teardownTimeout: 60_000,
    projects: [
      // They share nothing that one could leave to the next, so that they may share a process: a third less time.
      { extends: true, test: { name: "unit", include: pure, exclude: nowhere, isolate: false } },
      {
        extends: true,
        test: {
          name: "engines",
          include: ["packages/**/*.test.ts", "services/**/*.test.ts", "infra/**/*.test.ts", "test/**/*.test.ts"],
          exclude: [...nowhere, ...pure],
          globalSetup: ["packages/testkit/src/globalSetup.ts"],
        },
      },
    ],
  },
});
