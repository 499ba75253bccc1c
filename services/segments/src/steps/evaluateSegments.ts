import type { EngineLogger } from "@keypulse/engines";
import type { createFindMembers } from "../inputs/members.ts";
import type { createReadSegments } from "../inputs/storedSegments.ts";
import type { Change, ChangeTable } from "../outputs/changeTable.ts";

export interface Evaluated {
  readonly segments: number;
  readonly failed: number;
  readonly entered: number;
  readonly left: number;
}

/** Compares who is in each segment now with who was, and stores who came and went. A deleted segment loses everybody. */
export function createEvaluateSegments(parts: {
  readSegments: ReturnType<typeof createReadSegments>;
  findMembers: ReturnType<typeof createFindMembers>;
  changes: ChangeTable;
  clock: () => number;
  logger: EngineLogger;
}) {
  const { readSegments, findMembers, changes, clock, logger } = parts;

  async function storeDifference(segment: string, version: number, now: Set<string>): Promise<[number, number]> {
    const { members, lastMs } = await changes.standing(segment);
    const entered = now.difference(members);
    const left = members.difference(now);
    // Later than the one before, whatever the clock does: of two changes of a client the later counts.
    const at = new Date(Math.max(clock(), lastMs + 1)).toISOString();
    const of = (change: Change["change"]) => (client_id: string) => ({ segment, client_id, change, at });
    await changes.store([...[...entered].map(of("entered")), ...[...left].map(of("left"))], version);
    return [entered.size, left.size];
  }

  return async function evaluateSegments(): Promise<Evaluated> {
    const { usable, known } = await readSegments();
    const sum = { segments: usable.length, failed: 0, entered: 0, left: 0 };
    const take = ([entered, left]: [number, number]) => {
      sum.entered += entered;
      sum.left += left;
    };
    for (const { segment, version } of usable) {
      const found = await findMembers(segment);
      if ("ids" in found) take(await storeDifference(segment.id, version, found.ids));
      else {
        sum.failed++;
        logger.warn({ segment: segment.id, reason: found.fault }, "a segment can't be evaluated: its members stay");
      }
    }
    for (const id of await changes.segments()) if (!known.has(id)) take(await storeDifference(id, 0, new Set()));
    return sum;
  };
}
