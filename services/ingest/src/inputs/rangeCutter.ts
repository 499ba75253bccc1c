import type { RawMessage } from "../domain/outcome.ts";
import type { PendingRange } from "./pendingRange.ts";

export interface CutRange extends PendingRange {
  messages: RawMessage[];
  /** True where the range was named by an earlier owner and is stored again. */
  again: boolean;
}

/**
 * Cuts what was fetched of one partition into ranges. A pending range comes first and exactly as it was named, even if
 * it has to be gathered from several fetches; what follows is cut by size only.
 */
export class RangeCutter {
  #pending: PendingRange | undefined;
  #gathered: RawMessage[] = [];
  readonly #mostMessages: number;

  constructor(pending: PendingRange | undefined, mostMessages: number) {
    this.#pending = pending;
    this.#mostMessages = mostMessages;
  }

  /**
   * @param messages of one fetch, by offset.
   * @param first offset that comes next
   * @param lastOffset of the fetch; may lie behind the last message where Kafka keeps records that are none. A fetch of
   *   nothing else is a range without messages, for that it was read past is worth a commit.
   */
  cut(messages: RawMessage[], first: number, lastOffset: number): CutRange[] {
    const ranges: CutRange[] = [];
    let next = first;
    let rest = messages;
    const pending = this.#pending;
    if (pending !== undefined) {
      const end = rest.findIndex((message) => message.offset > pending.last);
      this.#gathered.push(...(end < 0 ? rest : rest.slice(0, end)));
      rest = end < 0 ? [] : rest.slice(end);
      if (lastOffset < pending.last) return [];
      ranges.push({ ...pending, messages: this.#gathered, again: true });
      this.#pending = undefined;
      this.#gathered = [];
      next = pending.last + 1;
    }
    if (rest.length === 0 && next <= lastOffset)
      ranges.push({ first: next, last: lastOffset, messages: [], again: false });
    for (let start = 0; start < rest.length; start += this.#mostMessages) {
      const part = rest.slice(start, start + this.#mostMessages);
      const whole = start + this.#mostMessages >= rest.length;
      ranges.push({
        first: part[0]!.offset,
        last: whole ? lastOffset : part.at(-1)!.offset,
        messages: part,
        again: false,
      });
    }
    return ranges;
  }
}
