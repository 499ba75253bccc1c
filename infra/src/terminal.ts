import cliProgress from "cli-progress";
import type { StartStep, Step } from "./engines/steps.ts";

/** What a person sees of steps: one line each, with the time it took. */
export interface Terminal {
  readonly startStep: StartStep;
  /** A line of its own, above whatever is still going on. */
  line(text: string): void;
}

export interface TerminalOptions {
  readonly output?: NodeJS.WriteStream;
  /** Milliseconds; for tests. */
  readonly now?: () => number;
}

const plainProgressEveryMs = 5_000;

/** Live progress bars where the output is a terminal, plain lines elsewhere (and where TERM is "dumb"). */
export function createTerminal(options: TerminalOptions = {}): Terminal {
  const output = options.output ?? process.stdout;
  const now = options.now ?? (() => performance.now());
  return output.isTTY && process.env.TERM !== "dumb" ? liveTerminal(output, now) : plainTerminal(output, now);
}

function plainTerminal(output: NodeJS.WritableStream, now: () => number): Terminal {
  const line = (text: string): void => void output.write(`${text}\n`);
  return {
    line,
    startStep: (title): Step => {
      const began = now();
      let shown = began;
      return {
        progress: (note, fraction) => {
          if (now() - shown < plainProgressEveryMs) return;
          shown = now();
          line(`… ${title}: ${percent(fraction)}${note} (${seconds(now() - began)})`);
        },
        done: (note) => line(finished("✓", title, note, now() - began)),
        fail: (note) => line(finished("✗", title, note, now() - began)),
      };
    },
  };
}

interface Payload {
  title: string;
  note: string;
  began: number;
  known: boolean;
}

function liveTerminal(output: NodeJS.WriteStream, now: () => number): Terminal {
  let bars: cliProgress.MultiBar | undefined;
  const active = new Set<cliProgress.SingleBar>();
  const line = (text: string): void => {
    // Within a display of bars a line goes above them and must fill its row to cover what was there.
    if (bars) bars.log(`${text}\n`);
    else output.write(`${text}\n`);
  };
  const format = (_options: cliProgress.Options, params: cliProgress.Params, raw: unknown): string => {
    const payload = raw as Payload;
    const elapsed = seconds(now() - payload.began);
    return payload.known
      ? `  ${payload.title} ${bar(params.progress)} ${payload.note}  ${elapsed}`
      : `  ${payload.title} … ${payload.note}  ${elapsed}`;
  };
  return {
    line,
    startStep: (title): Step => {
      bars ??= new cliProgress.MultiBar({
        format,
        stream: output,
        clearOnComplete: true,
        hideCursor: true,
        gracefulExit: false,
        forceRedraw: true,
        fps: 10,
      });
      const began = now();
      const payload: Payload = { title, note: "", began, known: false };
      const single = bars.create(1, 0, payload);
      active.add(single);
      const end = (mark: string, note: string | undefined): void => {
        if (!active.delete(single) || !bars) return;
        bars.log(`${finished(mark, title, note, now() - began)}\n`);
        bars.update();
        bars.remove(single);
        if (active.size > 0) return;
        bars.stop();
        bars = undefined;
      };
      return {
        progress: (note, fraction) => single.update(fraction ?? 0, { note, known: fraction !== undefined }),
        done: (note) => end(green("✓"), note),
        fail: (note) => end(red("✗"), note),
      };
    },
  };
}

function finished(mark: string, title: string, note: string | undefined, elapsedMs: number): string {
  return `${mark} ${title}${note ? `: ${note}` : ""} (${seconds(elapsedMs)})`;
}

function bar(fraction: number): string {
  const filled = Math.round(fraction * 24);
  return `${"█".repeat(filled)}${"░".repeat(24 - filled)} ${String(Math.floor(fraction * 100)).padStart(3)} %`;
}

function percent(fraction: number | undefined): string {
  return fraction === undefined ? "" : `${Math.floor(fraction * 100)} %, `;
}

function seconds(ms: number): string {
  return ms < 100_000
    ? `${(ms / 1000).toFixed(1)} s`
    : `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

function green(text: string): string {
  return process.env.NO_COLOR ? text : `\u001b[32m${text}\u001b[39m`;
}

function red(text: string): string {
  return process.env.NO_COLOR ? text : `\u001b[31m${text}\u001b[39m`;
}
