import type { IdentifierKind } from "@keypulse/contracts";
import type { ClickHouse, Redis } from "@keypulse/engines";
import { nobody } from "../key.ts";
import { joiningRules, type Link } from "../link.ts";
import { linksOf, type ProvenLink } from "../linksOf.ts";
import { createIdentityResolver } from "../resolve.ts";
import { type IdentitySettings, identityFingerprint } from "../settings.ts";
import { createSettle, type Place, type Settled } from "../settle.ts";
import type { Refused } from "../unite.ts";
import { type Change, IdentityGraph } from "./graph.ts";
import { alonePlace, type ClientRow, type ConflictRow, IdentityTables, type KeyRow } from "./identityTables.ts";
import { packKey, unpackKey } from "./packedLinks.ts";

/** A change of a process that has not stored it for so long is stored by another. */
const owedMs = 30_000;

/**
 * Who is who: takes links into the ledger and the graph, works out what they change and stores that in the map.
 * The ledger is written before the graph, so that a link that the graph knows is on record; what the graph has taken is
 * owed until the map is stored. Any step may be repeated, in any process.
 */
export class IdentityStore {
  readonly graph: IdentityGraph;
  readonly tables: IdentityTables;
  readonly settings: IdentitySettings;
  readonly settle: (links: readonly Link[]) => Settled;

  constructor(engines: { redis: Redis; clickhouse: ClickHouse }, prefix: string, settings: IdentitySettings) {
    this.settings = settings;
    this.settle = createSettle(settings);
    this.graph = new IdentityGraph(engines.redis, prefix, identityFingerprint(settings));
    this.tables = new IdentityTables(engines.clickhouse);
  }

  /** Takes in what events prove. @returns how many of the links were new */
  async learn(links: readonly ProvenLink[]): Promise<number> {
    if (links.length === 0) return 0;
    const packed = links.map(packLink);
    const missing = await this.graph.missing(packed);
    if (missing.length === 0) return 0;
    await this.tables.storeLinks(missing.map((index) => links[index]!));
    await this.take(missing.map((index) => packed[index]!));
    return missing.length;
  }

  /** Takes links (of the ledger, or decided by people) into the graph and the map. @returns keys whose place changed */
  async take(links: readonly Link[]): Promise<string[]> {
    const changes: Change[] = [];
    for await (const change of this.graph.add(links)) changes.push(change);
    return await this.#store(changes, kindsOf(links));
  }

  /** Takes links out again. @returns keys whose place changed */
  async remove(links: readonly Link[]): Promise<string[]> {
    return await this.#store([await this.graph.cut(links)], kindsOf(links));
  }

  /** Stores where every identifier belongs by the graph as it is. @param known identifiers of the ledger, in lists */
  async storeEverything(
    known: AsyncIterable<{ key: string; kind: IdentifierKind }[]>,
    onProgress: (keys: number) => Promise<void>,
  ): Promise<number> {
    let keys = 0;
    const store = async (parts: Link[][], kinds: Map<string, IdentifierKind>): Promise<void> => {
      const { version } = await this.graph.read([]);
      for (const links of parts) for (const [key, kind] of kindsOf(links)) kinds.set(key, kind);
      const fresh = new Set(kinds.keys());
      keys += (await this.#store([{ version, fresh, parts: parts.map((now) => ({ now, before: [] })) }], kinds)).length;
      await onProgress(keys);
    };
    for await (const parts of this.graph.parts()) if (parts.length > 0) await store(parts, new Map());
    for await (const list of known) {
      const alone = new Set(await this.graph.alone(list.map(({ key }) => key)));
      const kinds = new Map(list.flatMap(({ key, kind }) => (alone.has(key) ? [[key, kind] as const] : [])));
      if (kinds.size > 0) await store([], kinds);
    }
    return keys;
  }

  /**
   * What stored events prove by the settings of now.
   * @param value only events that carried this normalised value; undefined for all
   */
  async *evidenceInEvents(value: string | undefined, eventsAStep: number): AsyncGenerator<ProvenLink[]> {
    const resolve = createIdentityResolver({ defaultCountry: undefined }, this.settings);
    const suppressed = await this.tables.suppressed();
    for await (const part of this.tables.combinations(value, eventsAStep)) {
      const proven = part.flatMap((event) => [...linksOf({ ...event, identity: resolve(event.identifiers) })]);
      yield proven.filter(({ left, right }) => !suppressed.has(left.key) && !suppressed.has(right.key));
    }
  }

  /**
   * Forgets identifiers in the graph, with all that links them; what is left is settled anew. Their rows in ClickHouse
   * are the caller's to erase, after this.
   * @returns keys of others whose place changed
   */
  async forget(keys: readonly string[]): Promise<string[]> {
    const gone = new Set(keys);
    const { parts } = await this.graph.read(keys);
    const links = parts.flat().filter(({ left, right }) => gone.has(left) || gone.has(right));
    const changed = links.length === 0 ? [] : await this.remove(links);
    await this.graph.drop(keys);
    return changed.filter((key) => !gone.has(key));
  }

  /** Stores what processes that died had taken into the graph only. @returns how many changes there were */
  async settleOwed(nowMs: number): Promise<number> {
    const owed = await this.graph.owedBefore(nowMs - owedMs);
    for (const { version: owedVersion, ends } of owed) {
      const kinds = new Map(ends.map(({ left, leftKind }) => [left, leftKind]));
      const { version, alone, parts } = await this.graph.read([...kinds.keys()]);
      // What was forgotten meanwhile must not come back.
      for (const key of kinds.keys()) if (!alone.includes(key)) kinds.delete(key);
      for (const links of parts) for (const [key, kind] of kindsOf(links)) kinds.set(key, kind);
      const change = { version, fresh: new Set(kinds.keys()), parts: parts.map((now) => ({ now, before: [] })) };
      await this.#store([change], kinds, "rewrite");
      await this.graph.paid(owedVersion);
    }
    return owed.length;
  }

  async #store(
    changes: readonly Change[],
    kinds: ReadonlyMap<string, IdentifierKind>,
    mode: "differences" | "rewrite" = "differences",
  ): Promise<string[]> {
    const rows = { keys: [] as KeyRow[], clients: [] as ClientRow[], conflicts: [] as ConflictRow[] };
    const changed: string[] = [];
    const shared = new Set<string>();
    for (const change of changes) {
      const { version, fresh, parts } = change;
      const write = (key: string, place: Place) => {
        changed.push(key);
        rows.keys.push(keyRow(key, place, version));
        // Keys that stand for themselves are left out, unless they stood for another one.
        if (place.level === "client" && (place.client !== key || !fresh.has(key) || mode === "rewrite")) {
          rows.clients.push({ key: unpackKey(key), client_id: unpackKey(place.client), version });
        }
      };
      const placed = new Set<string>();
      for (const { now, before } of parts) {
        const settled = this.settle(now);
        const old = before.map((links) => this.settle(links));
        const kindOf = new Map([...before.flatMap((links) => [...kindsOf(links)]), ...kindsOf(now)]);
        for (const [key, kind] of kindOf) {
          placed.add(key);
          const alone = alonePlace(key, kind, this.settings);
          const place = settled.places.get(key) ?? alone;
          const was = old.find(({ places }) => places.has(key))?.places.get(key) ?? alone;
          if (fresh.has(key) || !isSamePlace(place, was)) write(key, place);
        }
        rows.conflicts.push(...conflictRows(settled, old, version));
        for (const { key } of settled.shared) shared.add(key);
      }
      for (const key of fresh) {
        const kind = placed.has(key) ? undefined : kinds.get(key);
        if (kind !== undefined) write(key, alonePlace(key, kind, this.settings));
      }
    }
    await this.tables.store(rows);
    if (shared.size > 0) await this.graph.prune([...shared]);
    for (const { version } of changes) await this.graph.paid(version);
    return changed;
  }
}

export function packLink(link: ProvenLink): Link {
  return {
    left: packKey(link.left.key),
    leftKind: link.left.kind,
    right: packKey(link.right.key),
    rightKind: link.right.kind,
    rule: link.rule,
    atMs: link.occurredAtMs,
  };
}

/** Kinds of the keys that have a place of their own in a list of links. */
function kindsOf(links: readonly Link[]): Map<string, IdentifierKind> {
  const kinds = new Map<string, IdentifierKind>();
  for (const link of links) {
    kinds.set(link.left, link.leftKind);
    if (joiningRules.has(link.rule)) kinds.set(link.right, link.rightKind);
  }
  return kinds;
}

function keyRow(key: string, place: Place, version: string): KeyRow {
  return {
    key: unpackKey(key),
    contact_id: place.level === "person" ? unpackKey(place.contact) : nobody,
    client_key: place.level === "person" ? unpackKey(place.client) : unpackKey(key),
    eras:
      place.level === "person"
        ? place.eras.map(({ sinceMs, client }) => ({ since: sinceMs, client_key: unpackKey(client) }))
        : [],
    version,
  };
}

export function isSamePlace(a: Place, b: Place): boolean {
  if (a.client !== b.client || a.level !== b.level) return false;
  if (a.level === "client" || b.level === "client") return true;
  return (
    a.contact === b.contact &&
    a.eras.length === b.eras.length &&
    a.eras.every((era, index) => era.sinceMs === b.eras[index]!.sinceMs && era.client === b.eras[index]!.client)
  );
}

/** What appeared among, and what went from, the things that people have to decide. */
function conflictRows(now: Settled, before: readonly Settled[], version: string): ConflictRow[] {
  const foundAt = Math.floor(Number(version) / 1000);
  const row = (
    { link, reason, kind }: Refused,
    { places }: Pick<Settled, "places">,
    state: ConflictRow["state"],
  ): ConflictRow => ({
    left_key: unpackKey(link.left),
    right_key: unpackKey(link.right),
    rule: link.rule,
    reason,
    kind: kind ?? "",
    left_id: idOf(places.get(link.left)),
    right_id: idOf(places.get(link.right)),
    state,
    found_at: foundAt,
    version,
  });
  const open = new Map(now.refused.flatMap((refused) => (isListed(refused) ? [[nameOf(refused), refused]] : [])));
  const known = new Map(
    before.flatMap((settled) =>
      settled.refused.flatMap((refused) => (isListed(refused) ? [[nameOf(refused), { refused, settled }]] : [])),
    ),
  );
  const rows: ConflictRow[] = [];
  for (const [name, refused] of open) if (!known.has(name)) rows.push(row(refused, now, "open"));
  for (const [name, { refused, settled }] of known) if (!open.has(name)) rows.push(row(refused, settled, "gone"));
  const sharedBefore = new Set(before.flatMap(({ shared }) => shared.map(({ key }) => key)));
  for (const { key, kind, byPerson } of now.shared) {
    if (byPerson || sharedBefore.has(key)) continue;
    const id = unpackKey(key);
    rows.push({
      left_key: id,
      right_key: id,
      rule: "shared_value",
      reason: "shared_value",
      kind,
      left_id: idOf(now.places.get(key)),
      right_id: nobody,
      state: "open",
      found_at: foundAt,
      version,
    });
  }
  return rows;
}

/** What people decided to keep apart needs no decision any more. */
const isListed = ({ reason }: Refused): boolean => reason !== "kept_apart";
const nameOf = ({ link }: Refused): string => `${link.left}${link.right}${link.rule}`;
const idOf = (place: Place | undefined): string =>
  place === undefined ? nobody : unpackKey(place.level === "person" ? place.contact : place.client);
