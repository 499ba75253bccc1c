import type { ClickHouse, Redis } from "@keypulse/engines";
import type { Link } from "../link.ts";
import type { IdentitySettings } from "../settings.ts";
import { readDecisions } from "./decisions.ts";
import { IdentityStore } from "./identityStore.ts";

const linksAStep = 20_000;

/**
 * Works out who is who from ClickHouse alone: the ledger, people's decisions and, where company domains count, the
 * identifiers that events carried (the ledger has no domains from times when they did not). Also where settings changed.
 * Workers must wait meanwhile.
 * @param onProgress called after each step with the number of links so far
 * @returns how many links there were, and how many rows of the map were written
 */
export async function rebuildIdentities(
  engines: { redis: Redis; clickhouse: ClickHouse },
  prefix: string,
  settings: IdentitySettings,
  onProgress: (links: number) => Promise<void>,
): Promise<{ links: number; keys: number }> {
  const store = new IdentityStore(engines, prefix, settings);
  await store.graph.reset();
  const { version: began } = await store.graph.read([]);
  let links = 0;
  const load = async (part: readonly Link[]): Promise<void> => {
    await store.graph.load(part);
    links += part.length;
    await onProgress(links);
  };
  // Decisions first: a value that people released must not be set aside on the way.
  const decisions = await readDecisions(engines.clickhouse);
  await load(decisions.flatMap(({ undone, links: decided }) => (undone ? [] : decided)));
  for await (const part of store.tables.links(linksAStep)) await load(part);
  const keys = await store.storeEverything(store.tables.identifiers(linksAStep), async () => await onProgress(links));
  if (settings.IDENTITY_COMPANY_DOMAINS === "on") {
    for await (const proven of store.evidenceInEvents(undefined, linksAStep)) {
      for (let start = 0; start < proven.length; start += linksAStep) {
        await store.learn(proven.slice(start, start + linksAStep));
      }
      await onProgress(links);
    }
  }
  await store.tables.forgetBefore(began);
  return { links, keys };
}
