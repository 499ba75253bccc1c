import type { Channel, Detector } from "@keypulse/contracts";
import type { ClickHouse } from "@keypulse/engines";

/** At which line a detector raises an alert, and why. */
export interface DetectorLine {
  detector: Detector;
  channel: Channel;
  /** Clients that it is for; empty for all. */
  segment: string;
  budget: number;
  /** The budget that the line was set for, so that experience keeps the borne one. */
  aim: number;
  line: number;
  monitored: number;
  reason: string;
}

/** Lines of the detectors, append only: none is moved silently. The only owner of the table `detector_lines_log`. */
export class DetectorLines {
  readonly #clickhouse: ClickHouse;
  constructor(clickhouse: ClickHouse) {
    this.#clickhouse = clickhouse;
  }

  /** Writes those that differ from what is there, with what moved in the reason. */
  async write(lines: readonly DetectorLine[], setAtMs: number): Promise<void> {
    const result = await this.#clickhouse.query({
      query: `SELECT l.detector AS detector, l.channel AS channel, l.segment AS segment, argMax(l.budget, l.set_at) AS budget,
          argMax(l.aim, l.set_at) AS aim,
          argMax(l.line, l.set_at) AS line, toUInt32(argMax(l.monitored, l.set_at)) AS monitored, argMax(l.reason, l.set_at) AS reason
        FROM detector_lines_log AS l GROUP BY l.detector, l.channel, l.segment`,
      format: "JSONEachRow",
    });
    const kept = new Map((await result.json<DetectorLine>()).map((line) => [nameOf(line), line]));
    const moved = lines.flatMap((line) => {
      const before = kept.get(nameOf(line));
      const same =
        before !== undefined &&
        before.budget === line.budget &&
        before.aim === line.aim &&
        before.line === line.line &&
        before.monitored === line.monitored;
      if (same) return [];
      const change =
        before === undefined || before.budget === line.budget
          ? ""
          : ` The budget was ${before.budget}, it is ${line.budget}.`;
      return [{ ...line, reason: `${line.reason}${change}`, set_at: setAtMs }];
    });
    if (moved.length === 0) return;
    await this.#clickhouse.insert({
      table: "detector_lines_log",
      values: moved,
      format: "JSONEachRow",
      clickhouse_settings: { async_insert: 0 },
    });
  }
}

const nameOf = ({ detector, channel, segment }: DetectorLine): string => `${detector} ${channel} ${segment}`;
