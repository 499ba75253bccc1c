/**
 * A multiset of whole numbers from 0 to `largest` that answers order statistics while members come and go: a Fenwick tree of
 * counts (Fenwick 1994). O(log largest) for each operation, O(largest) memory. Larger numbers count as `largest`.
 */
export class GapRanks {
  readonly #largest: number;
  readonly #tree: Int32Array;
  #size = 0;

  constructor(largest: number) {
    this.#largest = largest;
    this.#tree = new Int32Array(largest + 2);
  }

  get size(): number {
    return this.#size;
  }

  add(gap: number): void {
    this.#change(gap, 1);
  }

  /** Takes out one member that was added before. */
  remove(gap: number): void {
    this.#change(gap, -1);
  }

  /** The member at a place in ascending order, 1 the smallest. @throws RangeError outside 1 to size */
  atRank(rank: number): number {
    if (!(rank >= 1 && rank <= this.#size)) throw new RangeError(`rank ${rank} of ${this.#size}`);
    let left = rank;
    let position = 0;
    for (let step = 2 ** Math.floor(Math.log2(this.#largest + 1)); step >= 1; step /= 2) {
      const next = position + step;
      if (next < this.#tree.length && this.#tree[next]! < left) {
        position = next;
        left -= this.#tree[next]!;
      }
    }
    return position;
  }

  #change(gap: number, by: number): void {
    this.#size += by;
    for (let i = Math.min(gap, this.#largest) + 1; i < this.#tree.length; i += i & -i) this.#tree[i]! += by;
  }
}
