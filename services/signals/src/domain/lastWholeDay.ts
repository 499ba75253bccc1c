import type { createCalendar } from "@keypulse/methods";

const dayMs = 86_400_000;

/** The day before the one that a time falls in, as YYYY-MM-DD: orders of the running day are not all there yet. */
export const lastWholeDay = (ms: number, { dayOf }: ReturnType<typeof createCalendar>): string =>
  new Date((dayOf(ms) - 1) * dayMs).toISOString().slice(0, 10);
