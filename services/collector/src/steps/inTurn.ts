/**
 * Lets only so many bytes of bodies be worked on at a time; the others wait as the bytes they came in. Mapped events
 * take ten times as much memory as their bytes, and waiting for Kafka as objects they would outlive many collections.
 */
export function createInTurn(mostBytes: number) {
  let held = 0;
  const waiting: { bytes: number; enter: () => void }[] = [];

  return async function inTurn<T>(bytes: number, work: () => Promise<T>): Promise<T> {
    if (held > 0 && held + bytes > mostBytes) {
      await new Promise<void>((enter) => waiting.push({ bytes, enter }));
    } else held += bytes;
    try {
      return await work();
    } finally {
      held -= bytes;
      while (waiting[0] !== undefined && (held === 0 || held + waiting[0].bytes <= mostBytes)) {
        const next = waiting.shift()!;
        held += next.bytes;
        next.enter();
      }
    }
  };
}

export type InTurn = ReturnType<typeof createInTurn>;
