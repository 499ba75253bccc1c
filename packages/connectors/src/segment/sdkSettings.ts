/**
 * What the browser library asks for when it starts (`GET /v1/projects/<write key>/settings`): send to us, load nothing
 * else. An empty `middlewareSettings` and no further integration keep it from fetching scripts.
 * @param apiHost host and `/v1` without scheme, such as `collector.example/v1`, as the library's own option has it
 */
export function segmentSettings(writeKey: string, apiHost: string) {
  return {
    integrations: {
      "Segment.io": {
        apiKey: writeKey,
        apiHost,
        addBundledMetadata: true,
        unbundledIntegrations: [],
        maybeBundledConfigIds: {},
        versionSettings: { version: "4.4.7", componentTypes: ["browser"] },
      },
    },
    plan: {
      track: { __default: { enabled: true, integrations: {} } },
      identify: { __default: { enabled: true } },
      group: { __default: { enabled: true } },
    },
    edgeFunction: {},
    enabledMiddleware: {},
    middlewareSettings: {},
    remotePlugins: [],
    analyticsNextEnabled: true,
    legacyVideoPluginsEnabled: false,
    metrics: { sampleRate: 0 },
  };
}
