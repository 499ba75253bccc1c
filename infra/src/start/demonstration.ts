import type { ClickHouse } from "@keypulse/engines";
import { yesterday } from "../demo/calendar.ts";
import { type History, readHistory, readRhythms } from "../demo/history.ts";
import type { ClientRhythm } from "../demo/rhythm.ts";
import type { Terminal } from "../terminal.ts";
import type { Connections, Environment } from "./connections.ts";
import { readDemoState, writeDemoState } from "./demoState.ts";
import type { Interrupts } from "./interrupts.ts";
import { type LoadReport, loadDemonstration } from "./loadDemonstration.ts";
import { lookAtStore, type StoreContents } from "./store.ts";

/**
 * Begins to read the demonstration's file while engines come up: all of it where it is probably to be loaded, else the
 * clients' rhythms for the live stream.
 */
export function readAhead(folder: string): Demonstration {
  const isLoaded = readDemoState(folder)?.complete === true;
  let fraction = 0;
  let reading = isLoaded
    ? undefined
    : readHistory((read) => {
        fraction = read;
      });
  const rhythms = reading?.then(({ clients }) => clients) ?? readRhythms();
  // Awaited later, or never: a start may fail before.
  rhythms.catch(() => undefined);
  return {
    takeHistory: () => {
      const history = reading ?? readHistory();
      // 200 MB that nobody needs once they are sent.
      reading = undefined;
      return history;
    },
    rhythms,
    fraction: () => fraction,
  };
}

export interface Demonstration {
  /** Once. */
  readonly takeHistory: () => Promise<History>;
  readonly rhythms: Promise<readonly ClientRhythm[]>;
  /** Share of the file that was read. */
  readonly fraction: () => number;
}

interface Screen {
  readonly terminal: Terminal;
  readonly interrupts: Interrupts;
}

export interface Found {
  readonly contents: StoreContents;
  readonly load?: LoadReport;
  /** Of the demonstration, where that is what is stored. */
  readonly clients?: readonly ClientRhythm[];
}

export interface LoadPlace {
  readonly connections: Connections;
  readonly clickhouse: ClickHouse;
  readonly environment: Environment;
  readonly folder: string;
}

/** Loads the demonstration where nothing is stored, or where a load was cut off. */
export async function loadWhereEmpty(
  { terminal, interrupts }: Screen,
  place: LoadPlace,
  demonstration: Demonstration,
): Promise<Found> {
  const { connections, clickhouse, environment, folder } = place;
  const { contents, events } = await lookAtStore(clickhouse);
  const store = `${new URL(connections.CLICKHOUSE_URL).host}/${connections.CLICKHOUSE_DATABASE}`;
  const state = readDemoState(folder);
  const cutOff = contents === "demonstration" && state?.store === store && !state.complete;
  if (contents !== "nothing" && !cutOff) {
    terminal.line(`${events.toLocaleString("en-GB")} events are stored: Keypulse continues where it was.`);
    if (contents === "other events") return { contents };
    return { contents, clients: await interrupts.unlessInterrupted(demonstration.rhythms) };
  }
  if (environment.WORKSPACE_CURRENCY !== "GBP") {
    terminal.line(
      `The demonstration is in GBP, this workspace counts ${environment.WORKSPACE_CURRENCY}: its sums leave it out (\`npm run reset\` begins anew).`,
    );
  }
  const timeZone = environment.WORKSPACE_TIMEZONE || "UTC";
  const lastDay = cutOff ? state.lastDay : yesterday(timeZone, Date.now());
  if (cutOff) terminal.line("The load of the demonstration was cut off: it is done again, what is stored counts once.");
  const history = await readRest(demonstration, terminal, interrupts);
  writeDemoState(folder, { store, lastDay, complete: false });
  const load = await loadDemonstration({
    connections,
    clickhouse,
    history,
    days: { lastDay, timeZone },
    startStep: terminal.startStep,
    interrupts,
  });
  writeDemoState(folder, { store, lastDay, complete: true });
  return { contents: "demonstration", load, clients: history.clients };
}

async function readRest(demonstration: Demonstration, terminal: Terminal, interrupts: Interrupts): Promise<History> {
  const step = terminal.startStep("Read the demonstration");
  const timer = setInterval(() => step.progress("of the file", demonstration.fraction()), 100);
  try {
    const history = await interrupts.unlessInterrupted(demonstration.takeHistory());
    step.done(`${history.messages.length.toLocaleString("en-GB")} events of ${history.clients.length} clients`);
    return history;
  } catch (error) {
    step.fail("stopped");
    throw error;
  } finally {
    clearInterval(timer);
  }
}
