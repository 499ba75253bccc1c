/** Imports that the design forbids; `pnpm run check:imports`. */
module.exports = {
  forbidden: [
    {
      name: "no-cycles",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "services-stay-apart",
      comment: "Services talk over Kafka and ClickHouse, never by import.",
      severity: "error",
      from: { path: "^services/([^/]+)/" },
      to: { path: "^services/([^/]+)/", pathNot: "^services/$1/" },
    },
    {
      name: "pure-packages-do-no-io",
      comment:
        "methods, contracts, connectors, segments and the cores of identity and orders are pure: no engines, no files, no network.",
      severity: "error",
      from: {
        path: "^packages/(methods|identity|orders|contracts|connectors|segments)/src/",
        pathNot: "\\.test\\.ts$|^packages/(identity|orders)/src/store/",
      },
      to: {
        path: "^(node:)?(fs|net|http|https|http2|dns|tls|child_process|worker_threads|cluster|timers)|^packages/(engines|warehouse|service-kit|testkit)/|kafkajs|ioredis|@clickhouse",
      },
    },
    {
      name: "packages-know-no-services",
      severity: "error",
      from: { path: "^packages/" },
      to: { path: "^services/" },
    },
    {
      name: "no-testkit-in-production",
      severity: "error",
      from: { path: "^(services|packages|infra)/", pathNot: "\\.test\\.ts$|^packages/testkit/|/testing/" },
      to: { path: "^packages/testkit/" },
    },
    {
      name: "not-to-unresolvable",
      comment: "ffi-rs is installed on demand, beside the embedded ClickHouse.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true, pathNot: "^ffi-rs$" },
    },
  ],
  options: {
    parser: "swc",
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
    exclude: { path: "node_modules/(?!@keypulse)" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default"],
      extensions: [".ts", ".mjs", ".js"],
    },
  },
};
