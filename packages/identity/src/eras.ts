import type { Link } from "./link.ts";

export interface Era {
  /** Epoch ms from which events belong to the client; 0 for the first, which has all before. */
  sinceMs: number;
  client: string;
}

interface Stay {
  client: string;
  from: number;
  to: number;
}

/**
 * To which client a contact belongs, by date: to the one that it joined last, so that whoever moves leaves earlier
 * events with the earlier client. Domains count only where no account is known. People's decisions (`move`, `leave`)
 * stand above what events say of the same client.
 * @param contact key of the contact, its own client where it belongs to nobody
 * @param links memberships and decisions of all its identifiers
 * @returns at least one era, oldest first, the first from 0 on
 */
export function erasOf(contact: string, links: readonly Link[]): Era[] {
  const stays = staysOf(links);
  if (stays.length === 0) return [{ sinceMs: 0, client: contact }];
  const first = stays.reduce((a, b) => (b.from < a.from || (b.from === a.from && b.client < a.client) ? b : a));
  const turns = new Set([0, ...stays.flatMap(({ from, to }) => (Number.isFinite(to) ? [from, to] : [from]))]);
  const eras: Era[] = [];
  for (const atMs of [...turns].sort((a, b) => a - b)) {
    let current: Stay | undefined;
    for (const stay of stays) {
      // Before anything is known the first client has all.
      if ((stay !== first && stay.from > atMs) || stay.to <= atMs) continue;
      const isLater = current === undefined || stay.from > current.from;
      if (isLater || (stay.from === current!.from && stay.client < current!.client)) current = stay;
    }
    const client = current?.client ?? contact;
    if (eras.at(-1)?.client !== client) eras.push({ sinceMs: atMs, client });
  }
  return eras;
}

function staysOf(links: readonly Link[]): Stay[] {
  const seen = new Map<string, number>();
  const domains = new Map<string, number>();
  const moves: Stay[] = [];
  const leaves = new Map<string, number[]>();
  for (const { rule, right, atMs } of links) {
    if (rule === "member_of") keepSmaller(seen, right, atMs);
    else if (rule === "company_domain") keepSmaller(domains, right, atMs);
    else if (rule === "move") moves.push({ client: right, from: atMs, to: Number.POSITIVE_INFINITY });
    else if (rule === "leave") leaves.set(right, [...(leaves.get(right) ?? []), atMs]);
  }
  const isDecided = new Set(moves.map(({ client }) => client));
  const evident = [...(seen.size > 0 || moves.length > 0 ? seen : domains)].flatMap(([client, from]): Stay[] => {
    const to = Math.min(...(leaves.get(client) ?? []));
    // Who was moved to a client that events had named before came when the person says, unless it left in between.
    if (isDecided.has(client) && !Number.isFinite(to)) return [];
    return [{ client, from, to }];
  });
  for (const stay of moves) stay.to = Math.min(...(leaves.get(stay.client) ?? []).filter((atMs) => atMs > stay.from));
  return [...evident, ...moves].filter(({ from, to }) => to > from);
}

function keepSmaller(times: Map<string, number>, key: string, atMs: number): void {
  const known = times.get(key);
  if (known === undefined || atMs < known) times.set(key, atMs);
}
