import { setTimeout as sleep } from "node:timers/promises";

/**
 * Asks until the answer is right. Tests wait for conditions, never for times.
 * @throws Error with the last answer after `withinMs`.
 */
export async function eventually<T>(
  ask: () => Promise<T>,
  isRight: (answer: T) => boolean,
  withinMs = 30_000,
  everyMs = 100,
): Promise<T> {
  const end = Date.now() + withinMs;
  let last: T | Error | undefined;
  while (Date.now() < end) {
    try {
      const answer = await ask();
      if (isRight(answer)) return answer;
      last = answer;
    } catch (error) {
      last = error as Error;
    }
    await sleep(everyMs);
  }
  throw new Error(
    `not right within ${withinMs} ms; the last answer was ${last instanceof Error ? last.message : JSON.stringify(last)}`,
  );
}
