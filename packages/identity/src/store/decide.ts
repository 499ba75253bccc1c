import { randomUUID } from "node:crypto";
import type { ClickHouse, Redis } from "@keypulse/engines";
import { identifierKey } from "../key.ts";
import type { Link } from "../link.ts";
import { type IdentitySettings, isContactKind } from "../settings.ts";
import type { Place } from "../settle.ts";
import {
  type Decision,
  type DecisionKind,
  decidedLink,
  type Identifier,
  readDecisions,
  writeDecision,
} from "./decisions.ts";
import { IdentityStore, isSamePlace, packLink } from "./identityStore.ts";
import { alonePlace } from "./identityTables.ts";
import { packKey } from "./packedLinks.ts";

/** A decision that can't be taken; the message says why and what to do instead, in words for a person. */
export class CannotDecide extends Error {
  override name = "CannotDecide";
}

export interface DecisionRequest {
  kind: DecisionKind;
  left: Identifier;
  right?: Identifier | undefined;
  sinceMs?: number | undefined;
  reason: string;
  who: string;
}

/** An identifier whose place a decision changes. Keys are packed. */
export interface PlaceChange {
  key: string;
  was: Place;
  becomes: Place;
}

export interface DecisionPlan {
  decision: Decision;
  /** Whether its links are to be made or taken away. */
  undo: boolean;
  changes: PlaceChange[];
}

const eventsAStep = 20_000;
const settleMs = 60_000;

/** People's decisions about identities: planned (so that they can be shown first), made, and undone exactly. */
export class IdentityDecisions {
  readonly #clickhouse: ClickHouse;
  readonly #settings: IdentitySettings;
  readonly store: IdentityStore;

  constructor(engines: { redis: Redis; clickhouse: ClickHouse }, prefix: string, settings: IdentitySettings) {
    this.#clickhouse = engines.clickhouse;
    this.#settings = settings;
    this.store = new IdentityStore(engines, prefix, settings);
  }

  async all(): Promise<Decision[]> {
    return await readDecisions(this.#clickhouse);
  }

  /** What a decision would change. @throws CannotDecide */
  async plan(request: DecisionRequest, nowMs: number): Promise<DecisionPlan> {
    const links = await this.#linksOf(request);
    for (const other of await this.all()) {
      if (other.undone) continue;
      if (other.links.some((link) => links.some((mine) => isSameLink(link, mine)))) {
        throw new CannotDecide(`${other.who} decided the same on ${other.decidedAt} (${other.id}): undo that first`);
      }
    }
    const decision: Decision = {
      id: randomUUID(),
      version: 1,
      kind: request.kind,
      left: request.left,
      right: request.right,
      sinceMs: request.sinceMs,
      links,
      reason: request.reason,
      who: request.who,
      decidedAt: new Date(nowMs).toISOString(),
      undone: false,
    };
    const changes = await this.#changesOf(decision, false);
    if (changes.length === 0) throw new CannotDecide(nothingChanges[request.kind]);
    return { decision, undo: false, changes };
  }

  /** What undoing a decision would change. @throws CannotDecide */
  async planUndo(id: string, who: string): Promise<DecisionPlan> {
    const decision = (await this.all()).find((known) => known.id === id);
    if (decision === undefined) throw new CannotDecide("there is no such decision");
    if (decision.undone) throw new CannotDecide("this decision is undone already");
    const undone = { ...decision, version: decision.version + 1, undone: true, who };
    return { decision: undone, undo: true, changes: await this.#changesOf(decision, true) };
  }

  /** Makes a plan true: on record first, then in the graph and the map. @returns packed keys whose place changed */
  async carryOut(plan: DecisionPlan): Promise<string[]> {
    await writeDecision(this.#clickhouse, plan.decision);
    return await this.apply(plan.decision);
  }

  /**
   * Applies what is on record and was cut off before it was applied. A decision just made is left to who makes it.
   * @returns how many there were
   */
  async catchUp(nowMs: number): Promise<number> {
    let applied = 0;
    for (const decision of await this.all()) {
      if (nowMs - Date.parse(decision.decidedAt) < settleMs && !decision.undone) continue;
      const missing = await this.store.graph.missing(decision.links);
      if (missing.length === (decision.undone ? decision.links.length : 0)) continue;
      await this.apply(decision);
      applied += 1;
    }
    return applied;
  }

  /** Brings graph and map in line with a decision on record. May be repeated. */
  async apply(decision: Decision): Promise<string[]> {
    const { store } = this;
    const value = packKey(identifierKey(decision.left.kind, decision.left.value));
    const admits = decision.kind === (decision.undone ? "set_aside" : "release");
    const changed = decision.undone ? await store.remove(decision.links) : await store.take(decision.links);
    if (!admits) return changed;
    await store.graph.release([value]);
    for await (const links of this.#evidenceOf(decision.left, true)) changed.push(...(await store.take(links)));
    return [...new Set(changed)];
  }

  /** What is known of a value by the ledger and, from the time when it was set aside, by events alone. @param record in the ledger */
  async *#evidenceOf({ kind, value }: Identifier, record: boolean): AsyncGenerator<Link[]> {
    yield* this.store.tables.links(eventsAStep, identifierKey(kind, value));
    for await (const proven of this.store.evidenceInEvents(value, eventsAStep)) {
      if (record) await this.store.tables.storeLinks(proven);
      yield proven.map(packLink);
    }
  }

  async #changesOf(decision: Decision, undo: boolean): Promise<PlaceChange[]> {
    const { store } = this;
    const extra: Link[] = [];
    if (decision.kind === (undo ? "set_aside" : "release")) {
      for await (const links of this.#evidenceOf(decision.left, false)) extra.push(...links);
    }
    const ends = [...decision.links, ...extra].flatMap(({ left, right }) => [left, right]);
    const { parts, alone } = await store.graph.read([...new Set(ends)]);
    const now = parts.flat();
    const becomes = undo
      ? [...now.filter((link) => !decision.links.some((mine) => isSameLink(link, mine))), ...extra]
      : [...now, ...decision.links, ...extra];
    const [before, after] = [store.settle(now), store.settle(becomes)];
    const kindOf = new Map([...now, ...becomes].flatMap((link) => [[link.left, link.leftKind] as const]));
    for (const link of [...now, ...becomes]) {
      if (!kindOf.has(link.right) && (before.places.has(link.right) || after.places.has(link.right)))
        kindOf.set(link.right, link.rightKind);
    }
    const known = new Set([...alone, ...before.places.keys()]);
    return [...kindOf].flatMap(([key, kind]) => {
      if (!known.has(key)) return [];
      const lonely = alonePlace(key, kind, this.#settings);
      const change = { key, was: before.places.get(key) ?? lonely, becomes: after.places.get(key) ?? lonely };
      return isSamePlace(change.was, change.becomes) ? [] : [change];
    });
  }

  async #linksOf(request: DecisionRequest): Promise<Link[]> {
    const { kind, left, right, sinceMs } = request;
    const isContact = (identifier: Identifier): boolean => isContactKind(identifier.kind, this.#settings);
    await this.#mustBeKnown([left, ...(right === undefined ? [] : [right])]);
    if (kind === "set_aside" || kind === "release") return [decidedLink(left, left, kind, 0)];
    if (right === undefined) throw new CannotDecide("a second identifier is needed");
    if (left.kind === right.kind && left.value === right.value) {
      throw new CannotDecide("both are the same identifier");
    }
    if (kind === "move") {
      if (!isContact(left) || isContact(right)) {
        throw new CannotDecide(
          "a person is moved to a client: give an identifier of the person, then one of the client",
        );
      }
      return await this.#moveLinks(left, right, sinceMs ?? 0);
    }
    if (isContact(left) !== isContact(right)) {
      throw new CannotDecide("one names a person and the other a client: move the person to that client instead");
    }
    return [decidedLink(left, right, kind, 0)];
  }

  /** Clients that the person is known with are left at that time, or their own evidence would take it back. */
  async #moveLinks(person: Identifier, client: Identifier, sinceMs: number): Promise<Link[]> {
    const move = decidedLink(person, client, "move", sinceMs);
    const { parts } = await this.store.graph.read([move.left]);
    const settled = this.store.settle(parts.flat());
    const place = settled.places.get(move.left);
    if (place?.level !== "person") return [move];
    const members = new Set(
      [...settled.places].flatMap(([key, other]) =>
        other.level === "person" && other.contact === place.contact ? [key] : [],
      ),
    );
    const others = new Map(
      parts
        .flat()
        .filter((link) => members.has(link.left) && ["member_of", "move"].includes(link.rule))
        .filter((link) => link.right !== move.right)
        .map((link) => [link.right, link.rightKind]),
    );
    return [move, ...[...others].map(([key, kind]): Link => ({ ...move, right: key, rightKind: kind, rule: "leave" }))];
  }

  async #mustBeKnown(identifiers: readonly Identifier[]): Promise<void> {
    for (const { kind, value } of identifiers) {
      const key = packKey(identifierKey(kind, value));
      const { alone, parts } = await this.store.graph.read([key]);
      if (alone.length === 0 && parts.length === 0) {
        throw new CannotDecide(`no event carried the ${kind} "${value}": look it up with npm run client`);
      }
    }
  }
}

const nothingChanges: Record<DecisionKind, string> = {
  merge: "they are one already, or a decision keeps them apart: undo that first",
  unmerge: "they are not joined",
  move: "the person belongs to that client already",
  set_aside: "this value joins nobody, or is set aside already",
  release: "this value was not set aside, or would join nobody",
};

const isSameLink = (a: Link, b: Link): boolean => a.left === b.left && a.right === b.right && a.rule === b.rule;
